//! The schema version of a file, and the numbered steps from each to the next.

use std::collections::BTreeMap;

use redb::{Database, ReadableDatabase, ReadableTable, TableError, WriteTransaction};

use super::counters::Counter;
use super::tables::{ARTIFACTS, ARTIFACTS_BY_CREATION, ARTIFACTS_TRASH, META, read, second_of};
use super::transaction::Tables;
use crate::domain::{Artifact, ArtifactId, Creation, Membership, Role, TenantId, Timestamp};
use crate::store::engine::creation_key;
use crate::store::{StoreError, StoreResult};

/// A step from one schema version to the next: what it does, in words, and how.
type Migration = (&'static str, fn(&WriteTransaction) -> StoreResult<()>);

/// All steps ever, in order: the first makes version 1 of an empty file. Released ones never change.
const MIGRATIONS: &[Migration] = &[
    ("makes the first tables", create_tables),
    ("makes the tables that came later", create_tables),
    ("counts the owners of each workspace", count_owners),
    ("counts the API keys and the bytes of each workspace", count_usage),
    ("makes the table of the last uses of API keys", create_tables),
    ("puts the artifacts in the order of their creation", order_by_creation),
    ("makes the table of salts of refresh tokens", create_tables),
];

/// The schema version that this program reads and writes.
pub(super) const SCHEMA_VERSION: u32 = MIGRATIONS.len() as u32;

/// What it is called in the table of such things.
pub(super) const SCHEMA_KEY: &str = "schema_version";

/// The schema version of a file; 0 when it is empty.
pub(super) fn schema_version(database: &impl ReadableDatabase) -> StoreResult<u32> {
    let txn = database.begin_read()?;
    let version = match txn.open_table(META) {
        Ok(meta) => version_of(&meta)?,
        Err(TableError::TableDoesNotExist(_)) if txn.list_tables()?.next().is_none() => Some(0),
        Err(TableError::Storage(error)) => return Err(error.into()),
        Err(_) => None,
    };
    version.ok_or_else(no_version)
}

/// The schema version that a transaction sees.
pub(super) fn version_in(txn: &WriteTransaction) -> StoreResult<u32> {
    version_of(&txn.open_table(META)?)?.ok_or_else(no_version)
}

fn version_of(meta: &impl ReadableTable<&'static str, &'static [u8]>) -> StoreResult<Option<u32>> {
    Ok(meta.get(SCHEMA_KEY)?.and_then(|row| row.value().try_into().ok()).map(u32::from_be_bytes))
}

fn no_version() -> StoreError {
    StoreError::unavailable("it has no ghostworks schema version")
}

/// Takes a file from schema `version` to [`SCHEMA_VERSION`], one durable transaction for each step.
pub(super) fn migrate(database: &Database, version: u32) -> StoreResult<()> {
    migrate_to(database, version, SCHEMA_VERSION)
}

/// Takes a file from schema `version` to a later one.
pub(super) fn migrate_to(database: &Database, version: u32, later: u32) -> StoreResult<()> {
    for ((_, step), number) in MIGRATIONS.iter().zip(1..=later).skip(version as usize) {
        let mut txn = database.begin_write()?;
        txn.set_two_phase_commit(true);
        step(&txn)?;
        set_version(&txn, number)?;
        txn.commit()?;
    }
    Ok(())
}

/// What is still to be done to a file of schema `version`: the version that each step leads to, and what it does.
pub(super) fn steps_from(version: u32) -> Vec<(u32, &'static str)> {
    let steps = (1..).zip(MIGRATIONS).skip(version as usize);
    steps.map(|(number, (what, _))| (number, *what)).collect()
}

fn set_version(txn: &WriteTransaction, number: u32) -> StoreResult<()> {
    txn.open_table(META)?.insert(SCHEMA_KEY, number.to_be_bytes().as_slice())?;
    Ok(())
}

/// Creates the tables that a version is the first to have.
fn create_tables(txn: &WriteTransaction) -> StoreResult<()> {
    Tables::create(txn)
}

/// Counts the owners of each workspace, which were not counted before.
fn count_owners(txn: &WriteTransaction) -> StoreResult<()> {
    let mut tables = Tables::of(txn);
    let mut owned = Vec::new();
    for row in tables.members()?.iter()? {
        let (key, row) = row?;
        // One that can't be read is for `ghostworks check`.
        let membership = read::<Membership>("members", key.value(), row.value());
        if let Ok(membership) = membership
            && membership.role == Role::Owner
        {
            owned.push(membership.tenant);
        }
    }
    for tenant in owned {
        tables.counters()?.add(tenant.to_bytes(), Counter::Owners, 1)?;
    }
    tables.finish()?;
    Ok(())
}

/// Counts the API keys of each workspace, and the bytes of its artifacts, which were not counted before.
fn count_usage(txn: &WriteTransaction) -> StoreResult<()> {
    let mut tables = Tables::of(txn);
    let (mut api_keys, mut bytes) = (BTreeMap::new(), BTreeMap::new());
    for row in tables.api_keys()?.iter()? {
        *api_keys.entry(tenant_of(row?.0.value())).or_default() += 1;
    }
    add_bytes(tables.artifacts()?, &mut bytes)?;
    add_bytes(tables.artifacts_trash()?, &mut bytes)?;
    add_bytes(tables.artifact_versions()?, &mut bytes)?;
    for (tenant, count) in api_keys {
        tables.counters()?.add(tenant.to_bytes(), Counter::ApiKeys, count)?;
    }
    for (tenant, bytes) in bytes {
        tables.counters()?.set(Counter::Bytes.of_tenant(tenant), Some(bytes))?;
    }
    tables.finish()?;
    Ok(())
}

/// Puts all artifacts in the order of their creation.
pub(super) fn order_by_creation(txn: &WriteTransaction) -> StoreResult<()> {
    txn.delete_table(ARTIFACTS_BY_CREATION)?;
    let mut order = txn.open_table(ARTIFACTS_BY_CREATION)?;
    for (table, in_trash) in [(ARTIFACTS, false), (ARTIFACTS_TRASH, true)] {
        for row in txn.open_table(table)?.iter()? {
            let (key, row) = row?;
            let (tenant, id) = (tenant_of(key.value()), ArtifactId::from_bytes(second_of(key.value())));
            let artifact = read::<Artifact>("artifacts", key.value(), row.value());
            // One that can't be read has a place all the same, so that it is missed.
            let at = artifact.map_or_else(|_| time_in(id), |artifact| artifact.created_at);
            order.insert(&creation_key(tenant, in_trash, Creation { at, id }), ())?;
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

/// Adds the bytes of the rows of a table, by workspace.
pub(super) fn add_bytes<const N: usize>(
    table: &impl ReadableTable<&'static [u8; N], &'static [u8]>,
    bytes: &mut BTreeMap<TenantId, u64>,
) -> StoreResult<()> {
    for row in table.iter()? {
        let (key, value) = row?;
        *bytes.entry(tenant_of(key.value())).or_default() += value.value().len() as u64;
    }
    Ok(())
}

/// The workspace that a key begins with.
fn tenant_of(key: &[u8]) -> TenantId {
    let mut tenant = [0; 16];
    tenant.copy_from_slice(&key[..16]);
    TenantId::from_bytes(tenant)
}

#[cfg(test)]
mod tests {
    use redb::Builder;
    use redb::backends::InMemoryBackend;

    use super::*;

    #[test]
    fn what_is_still_to_be_done_is_done_and_then_no_more() {
        let database = Builder::new().create_with_backend(InMemoryBackend::new()).unwrap();
        assert_eq!(schema_version(&database).unwrap(), 0);
        assert_eq!(steps_from(0).len(), MIGRATIONS.len());
        assert_eq!(steps_from(2)[0], (3, "counts the owners of each workspace"));
        migrate(&database, 0).unwrap();
        assert_eq!(schema_version(&database).unwrap(), SCHEMA_VERSION);
        assert_eq!(steps_from(SCHEMA_VERSION), []);
    }
}
