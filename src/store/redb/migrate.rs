//! The schema version of a file, and the numbered steps from each to the next.

use redb::{Database, ReadableDatabase, ReadableTable, TableError, WriteTransaction};

use super::counters::Counter;
use super::records;
use super::tables::{META, Tables};
use crate::domain::{Membership, Role};
use crate::store::{StoreError, StoreResult};

/// A step from one schema version to the next.
type Migration = fn(&WriteTransaction) -> StoreResult<()>;

/// All steps ever, in order: the first makes version 1 of an empty file. Released ones never change.
const MIGRATIONS: &[Migration] = &[create_tables, create_tables, count_owners];

/// The schema version that this program reads and writes.
pub(super) const SCHEMA_VERSION: u32 = MIGRATIONS.len() as u32;

const SCHEMA_KEY: &str = "schema_version";

/// The schema version of a file; 0 when it is empty.
pub(super) fn schema_version(database: &impl ReadableDatabase) -> StoreResult<u32> {
    let txn = database.begin_read()?;
    let version = match txn.open_table(META) {
        Ok(meta) => meta.get(SCHEMA_KEY)?.and_then(|row| row.value().try_into().ok()).map(u32::from_be_bytes),
        Err(TableError::TableDoesNotExist(_)) if txn.list_tables()?.next().is_none() => Some(0),
        Err(TableError::Storage(error)) => return Err(error.into()),
        Err(_) => None,
    };
    version.ok_or_else(|| StoreError::Unavailable("it has no ghostworks schema version".to_owned()))
}

/// Takes a file from schema `version` to [`SCHEMA_VERSION`], one durable transaction for each step.
pub(super) fn migrate(database: &Database, version: u32) -> StoreResult<()> {
    for (step, number) in MIGRATIONS.iter().zip(1..).skip(version as usize) {
        let mut txn = database.begin_write()?;
        txn.set_two_phase_commit(true);
        step(&txn)?;
        set_version(&txn, number)?;
        txn.commit()?;
    }
    Ok(())
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
        let membership: Membership = records::decode(row?.1.value())?;
        if membership.role == Role::Owner {
            owned.push(membership.tenant);
        }
    }
    for tenant in owned {
        tables.counters()?.add_only_in(tenant, Counter::Owners, 1)?;
    }
    tables.finish()?;
    Ok(())
}
