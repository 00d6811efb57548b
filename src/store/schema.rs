//! The schema of a database: the version of what is in it, the numbered steps from each version to the next, and the facts
//! that every database has. Written once for every engine; how rows are laid out on a disk is the engine's own.

use std::collections::BTreeMap;

use super::engine::{Counter, Rebuild, Section, Span, Table, Whole, creation_key, number, second_of};
use super::records;
use super::{StoreError, StoreResult};
use crate::domain::{Artifact, ArtifactId, Creation, Entropy, HistoryId, Membership, Role, TenantId, Timestamp};

/// A step from one version to the next: what it does, in words, and how.
type Step = (&'static str, fn(&mut dyn Rebuild) -> StoreResult<()>);

/// All steps ever, in order: the first leads to version 1, of an empty database. Released ones never change.
const STEPS: &[Step] = &[
    ("makes the first tables", add_tables),
    ("makes the tables that came later", add_tables),
    ("counts the owners of each workspace", count_owners),
    ("counts the API keys and the bytes of each workspace", count_usage),
    ("makes the table of the last uses of API keys", add_tables),
    ("puts the artifacts in the order of their creation", order_by_creation),
    ("makes the table of salts of refresh tokens", add_tables),
    ("makes the table of invitations", add_tables),
];

/// The version that this program reads and writes.
pub const SCHEMA_VERSION: u32 = STEPS.len() as u32;

/// What the version is called among the facts.
pub(super) const VERSION_KEY: &str = "schema_version";
/// What the history is called among the facts.
pub(super) const HISTORY_KEY: &str = "history";

/// How many rows are read before some are written.
const AT_ONCE: usize = 1000;

/// The schema of a database, and what leads to that of this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// The version that was found.
    pub found: u32,
    /// The versions that are still to come, each with what is done for it.
    pub steps: Vec<(u32, &'static str)>,
}

impl Schema {
    /// That of a database of a version.
    pub(super) fn of(found: u32) -> Self {
        Self { found, steps: steps_from(found) }
    }
}

/// What is still to be done to a database of a version: the version that each step leads to, and what it does.
fn steps_from(version: u32) -> Vec<(u32, &'static str)> {
    let steps = (1..).zip(STEPS).skip(version as usize);
    steps.map(|(number, (what, _))| (number, *what)).collect()
}

/// The version that a row of the facts says, if it is one.
pub(super) fn version_in(row: &[u8]) -> Option<u32> {
    row.try_into().ok().map(u32::from_be_bytes)
}

/// The version of a database.
pub(super) fn version_of(whole: &(impl Whole + ?Sized)) -> StoreResult<u32> {
    let row = whole.row_of(Section::Facts, VERSION_KEY.as_bytes())?;
    row.and_then(|row| version_in(&row)).ok_or_else(no_version)
}

/// That a database does not say which version it is of.
pub(super) fn no_version() -> StoreError {
    StoreError::unavailable("it has no ghostworks schema version")
}

/// Brings a database from one version to a later one.
pub(super) fn bring_up(database: &mut dyn Rebuild, from: u32, to: u32) -> StoreResult<()> {
    for ((_, step), version) in STEPS.iter().zip(1..=to).skip(from as usize) {
        step(database)?;
        database.put(Section::Facts, VERSION_KEY.as_bytes(), &version.to_be_bytes())?;
    }
    Ok(())
}

/// Begins a database in what is empty, with a history of its own.
pub fn begin_database(database: &mut dyn Rebuild, entropy: &dyn Entropy) -> StoreResult<HistoryId> {
    bring_up(database, 0, SCHEMA_VERSION)?;
    begin_history(database, entropy)
}

/// Which history a database has.
pub fn history_of(whole: &(impl Whole + ?Sized)) -> StoreResult<HistoryId> {
    let row = whole.row_of(Section::Facts, HISTORY_KEY.as_bytes())?;
    let history = row.and_then(|row| row.try_into().ok()).map(HistoryId::from_bytes);
    history.ok_or_else(|| StoreError::unavailable("it has no history"))
}

/// Begins another history.
pub(super) fn begin_history(database: &mut dyn Rebuild, entropy: &dyn Entropy) -> StoreResult<HistoryId> {
    let history = HistoryId::random(entropy);
    database.put(Section::Facts, HISTORY_KEY.as_bytes(), &history.to_bytes())?;
    Ok(history)
}

/// Tables that a version is the first to have: an engine that is asked for one has it.
fn add_tables(_database: &mut dyn Rebuild) -> StoreResult<()> {
    Ok(())
}

/// Counts the owners of each workspace, which were not counted before.
fn count_owners(database: &mut dyn Rebuild) -> StoreResult<()> {
    let mut owners = BTreeMap::new();
    let mut members = database.section(Section::Rows(Table::Members), &Span::all())?;
    while members.advance()? {
        // One that can't be read is for `ghostworks check`.
        if let Ok(membership) = records::decode::<Membership>(members.value())
            && membership.role == Role::Owner
        {
            *owners.entry(membership.tenant).or_default() += 1;
        }
    }
    drop(members);
    count(database, Counter::Owners, owners)
}

/// Counts the API keys of each workspace, and the bytes of its artifacts, which were not counted before.
fn count_usage(database: &mut dyn Rebuild) -> StoreResult<()> {
    let mut api_keys = BTreeMap::new();
    let mut rows = database.section(Section::Rows(Table::ApiKeys), &Span::all())?;
    while rows.advance()? {
        *api_keys.entry(tenant_of(rows.key())).or_default() += 1;
    }
    drop(rows);
    count(database, Counter::ApiKeys, api_keys)?;
    let bytes = bytes_of_artifacts(database)?;
    count(database, Counter::Bytes, bytes)
}

fn count(database: &mut dyn Rebuild, counter: Counter, counts: BTreeMap<TenantId, u64>) -> StoreResult<()> {
    for (tenant, count) in counts {
        database.put(Section::Counters, &counter.of_tenant(tenant), &count.to_be_bytes())?;
    }
    Ok(())
}

/// The bytes of the rows of artifacts, with those in the trash and with the versions before, by workspace.
fn bytes_of_artifacts(database: &(impl Whole + ?Sized)) -> StoreResult<BTreeMap<TenantId, u64>> {
    let mut bytes = BTreeMap::new();
    for table in [Table::Artifacts, Table::ArtifactsTrash, Table::ArtifactVersions] {
        let mut rows = database.section(Section::Rows(table), &Span::all())?;
        while rows.advance()? {
            *bytes.entry(tenant_of(rows.key())).or_default() += rows.value().len() as u64;
        }
    }
    Ok(bytes)
}

/// Counts the bytes of every workspace again.
pub(super) fn count_bytes_again(database: &mut dyn Rebuild) -> StoreResult<()> {
    let bytes = bytes_of_artifacts(database)?;
    let mut after: Option<Vec<u8>> = None;
    loop {
        let workspaces = database.some(Section::Rows(Table::Workspaces), after.as_deref(), AT_ONCE)?;
        let Some((last, _)) = workspaces.last() else { return Ok(()) };
        after = Some(last.clone());
        for (key, _) in workspaces {
            let tenant = tenant_of(&key);
            let (key, found) = (Counter::Bytes.of_tenant(tenant), bytes.get(&tenant).copied().unwrap_or_default());
            let counted = database.row_of(Section::Counters, &key)?.map_or(0, |row| number(&row));
            if counted != found {
                database.put(Section::Counters, &key, &found.to_be_bytes())?;
            }
        }
    }
}

/// Puts all artifacts in the order of their creation.
pub(super) fn order_by_creation(database: &mut dyn Rebuild) -> StoreResult<()> {
    let order = Section::Rows(Table::ArtifactsByCreation);
    database.remove(order, &Span::all())?;
    for (table, in_trash) in [(Table::Artifacts, false), (Table::ArtifactsTrash, true)] {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let rows = database.some(Section::Rows(table), after.as_deref(), AT_ONCE)?;
            let Some((last, _)) = rows.last() else { break };
            after = Some(last.clone());
            for (key, row) in rows {
                let Ok(key) = <&[u8; 32]>::try_from(key.as_slice()) else { continue };
                let (tenant, id) = (tenant_of(key), ArtifactId::from_bytes(second_of(key)));
                // One that can't be read has a place all the same, so that it is missed.
                let artifact = records::decode::<Artifact>(&row);
                let at = artifact.map_or_else(|_| time_in(id), |artifact| artifact.created_at);
                database.put(order, &creation_key(tenant, in_trash, Creation { at, id }), &[])?;
            }
        }
    }
    Ok(())
}

/// The time that an id says, if it says one; else long ago.
fn time_in(id: ArtifactId) -> Timestamp {
    let time = id.as_uuid().get_timestamp().map(|time| time.to_unix());
    let time = time.and_then(|(seconds, _)| Timestamp::from_second(i64::try_from(seconds).ok()?).ok());
    time.unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The workspace that a key begins with.
fn tenant_of(key: &[u8]) -> TenantId {
    TenantId::from_bytes(key.first_chunk().copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_still_to_be_done_is_said() {
        assert_eq!(steps_from(0).len(), STEPS.len());
        assert_eq!(steps_from(2)[0], (3, "counts the owners of each workspace"));
        assert_eq!(steps_from(SCHEMA_VERSION), []);
    }
}
