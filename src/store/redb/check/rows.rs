//! The rows themselves: each can be read, is under its own key, and belongs to something that is there.

use std::collections::BTreeMap;

use redb::{ReadOnlyTable, ReadableTableMetadata as _};

use super::{Check, name};
use crate::domain::{ApiKey, Artifact, Membership, OneTimeToken, Role, Session, TenantId, Workspace};
use crate::store::StoreResult;
use crate::store::redb::counters::Counter;
use crate::store::redb::records::{self, Account, LastUse, Record, RefreshSalts, SpentTokens};
use crate::store::redb::snapshot::Snapshot;
use crate::store::redb::tables::{get, pair, second_of};

type Table<const N: usize> = ReadOnlyTable<&'static [u8; N], &'static [u8]>;

/// What the counters should say, by their keys.
pub(super) type Totals = BTreeMap<[u8; 17], u64>;

/// Checks all tables of rows, and counts what is counted.
pub(super) fn check(check: &mut Check, snapshot: &Snapshot) -> StoreResult<Totals> {
    let mut totals = Totals::new();
    accounts(check, snapshot, &mut totals)?;
    sessions(check, snapshot)?;
    workspaces(check, snapshot, &mut totals)?;
    artifacts(check, snapshot, &mut totals)?;
    versions(check, snapshot)?;
    bytes(snapshot, snapshot.artifacts()?, &mut totals)?;
    bytes(snapshot, snapshot.artifacts_trash()?, &mut totals)?;
    bytes(snapshot, snapshot.artifact_versions()?, &mut totals)?;
    Ok(totals)
}

/// Shows every row that can be read, with its key.
fn each<const N: usize, R: Record>(
    check: &mut Check,
    table: &'static str,
    rows: &Table<N>,
    mut visit: impl FnMut(&mut Check, &[u8; N], R) -> StoreResult<()>,
) -> StoreResult<()> {
    for row in rows.range::<&[u8; N]>(..)? {
        let (key, value) = row?;
        check.passed(table);
        match records::decode(value.value()) {
            Ok(entity) => visit(check, key.value(), entity)?,
            Err(error) => check.damaged(format!("{table} {}: {error}", name(key.value()))),
        }
    }
    Ok(())
}

/// Reports a row that is not as it should be.
fn expect(check: &mut Check, fit: bool, table: &str, key: &[u8], trouble: &str) {
    if !fit {
        check.damaged(format!("{table} {}: {trouble}", name(key)));
    }
}

const OTHER_KEY: &str = "the row is under the key of another";
const NO_SESSION: &str = "their session is not there";

fn accounts(check: &mut Check, snapshot: &Snapshot, totals: &mut Totals) -> StoreResult<()> {
    let users = snapshot.users()?;
    totals.insert(Counter::Users.of_all(), users.len()?);
    each(check, "users", users, |check, key, account: Account| {
        expect(check, account.user.id.to_bytes() == *key, "users", key, OTHER_KEY);
        Ok(())
    })?;
    each(check, "one_time_tokens", snapshot.one_time_tokens()?, |check, key, _: OneTimeToken| {
        let is_there = users.get(&first_of(key))?.is_some();
        expect(check, is_there, "one_time_tokens", key, "its account is not there");
        Ok(())
    })
}

fn sessions(check: &mut Check, snapshot: &Snapshot) -> StoreResult<()> {
    let (users, sessions) = (snapshot.users()?, snapshot.sessions()?);
    each(check, "sessions", sessions, |check, key, session: Session| {
        let own = pair(session.user.to_bytes(), session.id.to_bytes());
        expect(check, own == *key, "sessions", key, OTHER_KEY);
        expect(check, users.get(&first_of(key))?.is_some(), "sessions", key, "its account is not there");
        Ok(())
    })?;
    each(check, "spent_refresh_tokens", snapshot.spent_tokens()?, |check, key, _: SpentTokens| {
        expect(check, sessions.get(key)?.is_some(), "spent_refresh_tokens", key, NO_SESSION);
        Ok(())
    })?;
    each(check, "refresh_salts", snapshot.refresh_salts()?, |check, key, _: RefreshSalts| {
        expect(check, sessions.get(key)?.is_some(), "refresh_salts", key, NO_SESSION);
        Ok(())
    })
}

fn workspaces(check: &mut Check, snapshot: &Snapshot, totals: &mut Totals) -> StoreResult<()> {
    let (users, workspaces, deleted) = (snapshot.users()?, snapshot.workspaces()?, snapshot.workspaces_deleted()?);
    totals.insert(Counter::Workspaces.of_all(), workspaces.len()?);
    each(check, "workspaces", workspaces, |check, key, workspace: Workspace| {
        expect(check, workspace.id.to_bytes() == *key, "workspaces", key, OTHER_KEY);
        expect(check, deleted.get(key)?.is_none(), "workspaces", key, "it is marked as deleted");
        Ok(())
    })?;
    each(check, "members", snapshot.members()?, |check, key, membership: Membership| {
        let own = pair(membership.tenant.to_bytes(), membership.user.to_bytes());
        expect(check, own == *key, "members", key, OTHER_KEY);
        expect(check, users.get(&second_of(key))?.is_some(), "members", key, "the account is not there");
        expect(check, is_there(snapshot, first_of(key))?, "members", key, NO_WORKSPACE);
        Ok(())
    })?;
    for row in snapshot.members()?.range::<&[u8; 32]>(..)? {
        let (key, value) = row?;
        let tenant = first_of(key.value());
        let is_owner = records::decode::<Membership>(value.value()).is_ok_and(|it| it.role == Role::Owner);
        if workspaces.get(&tenant)?.is_some() {
            add_in(totals, Counter::Members, tenant);
            if is_owner {
                add(totals, Counter::Owners.of_tenant(TenantId::from_bytes(tenant)));
            }
        }
    }
    each(check, "api_keys", snapshot.api_keys()?, |check, key, api_key: ApiKey| {
        let own = pair(api_key.tenant.to_bytes(), api_key.id.to_bytes());
        expect(check, own == *key, "api_keys", key, OTHER_KEY);
        expect(check, is_there(snapshot, first_of(key))?, "api_keys", key, NO_WORKSPACE);
        Ok(())
    })?;
    each(check, "api_key_uses", snapshot.api_key_uses()?, |check, key, _: LastUse| {
        expect(check, snapshot.api_keys()?.get(key)?.is_some(), "api_key_uses", key, "the key is not there");
        Ok(())
    })?;
    for row in snapshot.api_keys()?.range::<&[u8; 32]>(..)? {
        let tenant = first_of(row?.0.value());
        if workspaces.get(&tenant)?.is_some() {
            add(totals, Counter::ApiKeys.of_tenant(TenantId::from_bytes(tenant)));
        }
    }
    Ok(())
}

/// Counts the bytes of a table of artifacts.
fn bytes<const N: usize>(snapshot: &Snapshot, rows: &Table<N>, totals: &mut Totals) -> StoreResult<()> {
    for row in rows.range::<&[u8; N]>(..)? {
        let (key, value) = row?;
        let tenant = first_of(key.value());
        if snapshot.workspaces()?.get(&tenant)?.is_some() {
            let key = Counter::Bytes.of_tenant(TenantId::from_bytes(tenant));
            *totals.entry(key).or_default() += value.value().len() as u64;
        }
    }
    Ok(())
}

fn artifacts(check: &mut Check, snapshot: &Snapshot, totals: &mut Totals) -> StoreResult<()> {
    let (live, trash) = (snapshot.artifacts()?, snapshot.artifacts_trash()?);
    for (table, rows, is_trash) in [("artifacts", live, false), ("artifacts_trash", trash, true)] {
        each(check, table, rows, |check, key, artifact: Artifact| {
            let own = pair(artifact.tenant.to_bytes(), artifact.id.to_bytes());
            expect(check, own == *key, table, key, OTHER_KEY);
            expect(check, artifact.deleted_at.is_some() == is_trash, table, key, "it says the opposite itself");
            expect(check, is_there(snapshot, first_of(key))?, table, key, NO_WORKSPACE);
            Ok(())
        })?;
        for row in rows.range::<&[u8; 32]>(..)? {
            let key = *row?.0.value();
            expect(check, is_trash || trash.get(&key)?.is_none(), table, &key, "it is in the trash as well");
            let tenant = first_of(&key);
            if snapshot.workspaces()?.get(&tenant)?.is_some() {
                add_in(totals, Counter::Artifacts, tenant);
                if !is_trash {
                    add_in(totals, Counter::ActiveArtifacts, tenant);
                }
            }
        }
    }
    Ok(())
}

fn versions(check: &mut Check, snapshot: &Snapshot) -> StoreResult<()> {
    const TABLE: &str = "artifact_versions";
    each(check, TABLE, snapshot.artifact_versions()?, |check, key, artifact: Artifact| {
        let mut row = [0; 32];
        row.copy_from_slice(&key[..32]);
        let own = pair(artifact.tenant.to_bytes(), artifact.id.to_bytes());
        expect(check, own == row && artifact.version.to_be_bytes() == key[32..], TABLE, key, OTHER_KEY);
        let current = match snapshot.artifacts()?.get(&row)? {
            Some(_) => get::<_, Artifact>(snapshot.artifacts()?, &row),
            None => get::<_, Artifact>(snapshot.artifacts_trash()?, &row),
        };
        match current {
            Ok(Some(current)) => {
                expect(check, artifact.version < current.version, TABLE, key, "it is not before the current one");
            }
            // While what was in a deleted workspace is being removed, the artifacts go first.
            Ok(None) if snapshot.workspaces_deleted()?.get(&first_of(key))?.is_some() => {}
            Ok(None) => expect(check, false, TABLE, key, "its artifact is not there"),
            // That row has been reported.
            Err(_) => {}
        }
        Ok(())
    })
}

const NO_WORKSPACE: &str = "its workspace is not there";

/// Whether a workspace is there, or what was in it is being removed.
fn is_there(snapshot: &Snapshot, tenant: [u8; 16]) -> StoreResult<bool> {
    Ok(snapshot.workspaces()?.get(&tenant)?.is_some() || snapshot.workspaces_deleted()?.get(&tenant)?.is_some())
}

fn first_of(key: &[u8]) -> [u8; 16] {
    let mut first = [0; 16];
    first.copy_from_slice(&key[..16]);
    first
}

fn add(totals: &mut Totals, key: [u8; 17]) {
    *totals.entry(key).or_default() += 1;
}

/// In a workspace, and in all.
fn add_in(totals: &mut Totals, counter: Counter, tenant: [u8; 16]) {
    add(totals, counter.of_tenant(TenantId::from_bytes(tenant)));
    add(totals, counter.of_all());
}
