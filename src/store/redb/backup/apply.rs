//! Takes a database that is being restored from one position of the change log to a later one.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use redb::{Database, Key, ReadableTable as _, TableDefinition, TableHandle as _, Value, WriteTransaction};

use super::change_set_writer::BEFORE_THE_FIRST;
use super::format::{BackupReader, Content, Part, damaged};
use super::prefix::{bounds, is_a};
use super::{BackupError, begin};
use crate::domain::Workspace;
use crate::store::StoreError;
use crate::store::redb::change_log::last_seq;
use crate::store::redb::migrate;
use crate::store::redb::open;
use crate::store::redb::tables::{CHANGES, META, WORKSPACES, WORKSPACES_BY_SLUG, every_table, get};

/// Adds the changes in a file to a transaction, and returns it: another one, when the database had to be brought up to
/// the schema of the changes. `passed` is called for every row.
pub(super) fn apply(
    database: &Database,
    mut txn: WriteTransaction,
    file: &Path,
    passed: &mut impl FnMut(),
) -> Result<WriteTransaction, BackupError> {
    let mut reader = BackupReader::new(BufReader::new(File::open(file)?), Content::Changes)?;
    let mut part = reader.next()?;
    while let Part::Table(name) = part {
        part = if name == META.name() {
            let (version, next) = schema(&mut reader)?;
            open::require_known(file, version)?;
            txn = migrated(database, txn, version)?;
            next
        } else if name == CHANGES.name() {
            entries(&txn, &mut reader, passed)?
        } else if name == WORKSPACES.name() {
            workspaces(&txn, &mut reader, passed)?
        } else {
            rows_of(&txn, &name, &mut reader, passed)?
        };
    }
    if part == Part::End { Ok(txn) } else { Err(damaged("a row is of no table").into()) }
}

/// The schema version that the rows are of, and what comes after it.
fn schema(reader: &mut BackupReader<impl Read>) -> Result<(u32, Part), BackupError> {
    let Part::Row(_, version) = reader.next()? else { return Err(damaged("it has no schema version").into()) };
    let version = version.try_into().map_err(|_| damaged("its schema version makes no sense"))?;
    Ok((u32::from_be_bytes(version), reader.next()?))
}

/// Brings the database up to a schema, as the server that wrote the changes had done with its own.
fn migrated(database: &Database, txn: WriteTransaction, version: u32) -> Result<WriteTransaction, BackupError> {
    let found = migrate::version_in(&txn)?;
    if found == version {
        return Ok(txn);
    }
    txn.commit().map_err(StoreError::from)?;
    migrate::migrate_to(database, found, version)?;
    begin(database)
}

/// Entries of the change log. The first is there already: else the changes between are missing, or are those of another
/// database.
fn entries(
    txn: &WriteTransaction,
    reader: &mut BackupReader<impl Read>,
    passed: &mut impl FnMut(),
) -> Result<Part, BackupError> {
    let mut log = txn.open_table(CHANGES).map_err(StoreError::from)?;
    let before = last_seq(&log)?;
    let mut last = None;
    loop {
        let (seq, entry) = match reader.next()? {
            Part::Row(seq, entry) if is_a::<u64>(&seq) => (u64::from_bytes(&seq), entry),
            Part::Row(..) => return Err(damaged("a row does not fit its table").into()),
            other => return Ok(other),
        };
        match last {
            None if seq > before => return Err(BackupError::Gap { from: before + 1, to: seq }),
            Some(last) if seq != last + 1 => return Err(damaged("its change log has a gap").into()),
            None | Some(_) => last = Some(seq),
        }
        if seq > before {
            log.insert(seq, entry.as_slice()).map_err(StoreError::from)?;
        } else if seq != BEFORE_THE_FIRST {
            let known = log.get(seq).map_err(StoreError::from)?;
            if known.is_none_or(|known| known.value() != entry) {
                return Err(BackupError::AnotherHistory);
            }
        }
        passed();
    }
}

/// Workspaces. Nothing else has the slug of one that goes.
fn workspaces(
    txn: &WriteTransaction,
    reader: &mut BackupReader<impl Read>,
    passed: &mut impl FnMut(),
) -> Result<Part, BackupError> {
    let mut rows = txn.open_table(WORKSPACES).map_err(StoreError::from)?;
    let mut slugs = txn.open_table(WORKSPACES_BY_SLUG).map_err(StoreError::from)?;
    loop {
        match reader.next()? {
            Part::Prefix(key) => {
                let key: [u8; 16] = key.try_into().map_err(|_| damaged("a row does not fit its table"))?;
                let Some(workspace) = get::<_, Workspace>(&rows, &key)? else { continue };
                let slug = workspace.slug.as_str();
                let is_own = slugs.get(slug).map_err(StoreError::from)?.is_some_and(|row| *row.value() == key);
                if is_own {
                    slugs.remove(slug).map_err(StoreError::from)?;
                }
                rows.remove(&key).map_err(StoreError::from)?;
            }
            Part::Row(key, value) => {
                let key: [u8; 16] = key.try_into().map_err(|_| damaged("a row does not fit its table"))?;
                rows.insert(&key, value.as_slice()).map_err(StoreError::from)?;
                passed();
            }
            other => return Ok(other),
        }
    }
}

/// Puts the rows of the table of this name in their places, and returns what comes after them.
pub(super) fn rows_of(
    txn: &WriteTransaction,
    name: &str,
    reader: &mut BackupReader<impl Read>,
    passed: &mut impl FnMut(),
) -> Result<Part, BackupError> {
    every_table!(table => if table.name() == name {
        return rows(txn, table, reader, passed);
    });
    Err(damaged("it has a table that this version does not know: use the version that made it").into())
}

fn rows<K: Key + 'static, V: Value + 'static>(
    txn: &WriteTransaction,
    table: TableDefinition<'static, K, V>,
    reader: &mut BackupReader<impl Read>,
    passed: &mut impl FnMut(),
) -> Result<Part, BackupError> {
    let mut table = txn.open_table(table).map_err(StoreError::from)?;
    loop {
        match reader.next()? {
            Part::Prefix(prefix) => {
                let (first, last) = bounds::<K>(&prefix).ok_or_else(|| damaged("a prefix does not fit its table"))?;
                let range = K::from_bytes(&first)..=K::from_bytes(&last);
                table.retain_in(range, |_, _| false).map_err(StoreError::from)?;
            }
            Part::Row(key, value) if is_a::<K>(&key) && is_a::<V>(&value) => {
                table.insert(K::from_bytes(&key), V::from_bytes(&value)).map_err(StoreError::from)?;
                passed();
            }
            Part::Row(..) => return Err(damaged("a row does not fit its table").into()),
            other => return Ok(other),
        }
    }
}
