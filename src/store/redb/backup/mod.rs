//! Backups: all tables as of one commit in a file of their own, and a database made from such a file.
//!
//! A backup does not depend on how redb lays out its file, has no page in it that is free, and knows its own checksum.

mod format;
mod stream;

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use redb::{
    Builder, Key, ReadTransaction, ReadableDatabase as _, ReadableTable as _, TableDefinition, TableHandle as _, Value,
    WriteTransaction,
};
use thiserror::Error;

use self::format::{BackupReader, BackupWriter, Part, damaged};
use super::errors::OpenError;
use super::migrate;
use super::open::{self, Location, Options};
use super::tables::every_table;
use crate::store::StoreError;

/// What a database is called while it is being restored, beside the one that it will replace.
const RESTORING: &str = "ghostworks.redb.restoring";

/// Why a backup was not made, or not restored. One line each.
#[derive(Debug, Error)]
pub enum BackupError {
    /// The database can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database failed while it was read or written.
    #[error("the database failed: {0}")]
    Database(#[from] StoreError),
    /// The backup can't be written or read, or is damaged.
    #[error("the backup: {0}")]
    Backup(#[from] io::Error),
    /// There is a database, which would be lost.
    #[error("there is a database already: --force replaces it by the backup, and what it has is lost")]
    IsThere,
    /// The new database can't be put in its place.
    #[error("the data directory can't be written: {0}")]
    Directory(io::Error),
}

/// Writes everything in the database that nobody else has open to `sink`, and returns how many rows that is. `passed`
/// is told how many there were so far, now and then.
pub fn backup(options: &Options, sink: impl Write, passed: impl FnMut(u64)) -> Result<u64, BackupError> {
    let database = open::open_current(options)?;
    let txn = database.begin_read().map_err(StoreError::from)?;
    dump(&txn, sink, passed)
}

/// Writes all tables as a transaction sees them.
fn dump(txn: &ReadTransaction, sink: impl Write, mut passed: impl FnMut(u64)) -> Result<u64, BackupError> {
    let mut writer = BackupWriter::new(sink)?;
    every_table!(table => dump_table(txn, table, &mut writer, &mut passed)?);
    Ok(writer.finish()?)
}

fn dump_table<K: Key + 'static, V: Value + 'static>(
    txn: &ReadTransaction,
    table: TableDefinition<'static, K, V>,
    writer: &mut BackupWriter<impl Write>,
    passed: &mut impl FnMut(u64),
) -> Result<(), BackupError> {
    writer.table(table.name())?;
    let rows = txn.open_table(table).map_err(StoreError::from)?;
    for row in rows.iter().map_err(StoreError::from)? {
        let (key, value) = row.map_err(StoreError::from)?;
        writer.row(K::as_bytes(&key.value()).as_ref(), V::as_bytes(&value.value()).as_ref())?;
        passed(writer.rows());
    }
    Ok(())
}

/// Makes the database in a directory from a backup: reads the backup once to see that it is whole, then again into a
/// file of its own, which takes the place of the database in one step. One that is there is kept unless `force`d, and
/// while a server runs in any case. Returns how many rows were restored.
pub fn restore(options: &Options, backup: &Path, force: bool, mut passed: impl FnMut(u64)) -> Result<u64, BackupError> {
    let Location::Directory(directory) = &options.location else { return Err(BackupError::IsThere) };
    if options.location.has_database() && !force {
        return Err(BackupError::IsThere);
    }
    let open_backup = || File::open(backup).map(BufReader::new);
    verify(backup, |_| {})?;
    fs::create_dir_all(directory).map_err(BackupError::Directory)?;
    let path = options.location.path();
    // Until it is replaced, so that no server begins to use it meanwhile.
    let _held = open::hold(&path)?;
    let restoring = directory.join(RESTORING);
    let restored = fill(&restoring, options, BackupReader::new(open_backup()?)?, &mut passed)
        .and_then(|rows| put_in_place(directory, &restoring, &path).map_err(BackupError::Directory).map(|()| rows));
    if restored.is_err() {
        // What went wrong is more worth telling than that something was left behind.
        drop(fs::remove_file(&restoring));
    }
    restored
}

/// Reads a backup through to see that it is whole, and returns how many rows it has. `passed` is told how many there were
/// so far, now and then.
pub fn verify(backup: &Path, mut passed: impl FnMut(u64)) -> Result<u64, BackupError> {
    let mut backup = BackupReader::new(BufReader::new(File::open(backup)?))?;
    while backup.next()? != Part::End {
        passed(backup.rows());
    }
    Ok(backup.rows())
}

/// Reads these bytes as a backup.
#[cfg(fuzzing)]
pub fn read_anything(bytes: &[u8]) {
    if let Ok(mut backup) = BackupReader::new(bytes) {
        while matches!(backup.next(), Ok(Part::Table(_) | Part::Row(..))) {}
    }
}

/// Makes a database from a backup that is whole.
fn fill(
    path: &Path,
    options: &Options,
    mut backup: BackupReader<impl Read>,
    passed: &mut impl FnMut(u64),
) -> Result<u64, BackupError> {
    open::private_file().truncate(true).open(path).map_err(BackupError::Directory)?;
    let database = Builder::new().set_cache_size(options.cache_bytes).create(path).map_err(StoreError::from)?;
    let mut txn = database.begin_write().map_err(StoreError::from)?;
    txn.set_two_phase_commit(true);
    txn.set_quick_repair(true);
    let mut rows = 0;
    let mut part = backup.next()?;
    while let Part::Table(name) = part {
        part = fill_table(&txn, &name, &mut backup, &mut rows, passed)?;
    }
    if part != Part::End {
        return Err(damaged("a row is of no table").into());
    }
    txn.commit().map_err(StoreError::from)?;
    open::require_known(path, migrate::schema_version(&database)?)?;
    database.close().map_err(StoreError::from)?;
    Ok(rows)
}

/// Puts the rows of a table in its place, and returns what comes after them.
fn fill_table(
    txn: &WriteTransaction,
    name: &str,
    backup: &mut BackupReader<impl Read>,
    rows: &mut u64,
    passed: &mut impl FnMut(u64),
) -> Result<Part, BackupError> {
    every_table!(table => if table.name() == name {
        return fill_rows(txn, table, backup, rows, passed);
    });
    Err(damaged("it has a table that this version does not know: use the version that made it").into())
}

fn fill_rows<K: Key + 'static, V: Value + 'static>(
    txn: &WriteTransaction,
    table: TableDefinition<'static, K, V>,
    backup: &mut BackupReader<impl Read>,
    rows: &mut u64,
    passed: &mut impl FnMut(u64),
) -> Result<Part, BackupError> {
    let mut table = txn.open_table(table).map_err(StoreError::from)?;
    loop {
        match backup.next()? {
            Part::Row(key, value) if is_a::<K>(&key) && is_a::<V>(&value) => {
                table.insert(K::from_bytes(&key), V::from_bytes(&value)).map_err(StoreError::from)?;
                *rows += 1;
                passed(*rows);
            }
            Part::Row(..) => return Err(damaged("a row does not fit its table").into()),
            other => return Ok(other),
        }
    }
}

/// Whether these bytes are a `T`: redb takes that for granted.
fn is_a<T: Value>(bytes: &[u8]) -> bool {
    let is_text = || T::type_name() != <&str as Value>::type_name() || std::str::from_utf8(bytes).is_ok();
    T::fixed_width().is_none_or(|width| width == bytes.len()) && is_text()
}

/// Renames the new database over the old one, for good.
fn put_in_place(directory: &Path, restoring: &Path, path: &Path) -> io::Result<()> {
    File::open(restoring)?.sync_all()?;
    fs::rename(restoring, path)?;
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use redb::backends::InMemoryBackend;

    use super::*;

    #[test]
    fn every_table_is_in_a_backup() {
        let database = Builder::new().create_with_backend(InMemoryBackend::new()).unwrap();
        migrate::migrate(&database, 0).unwrap();
        let txn = database.begin_read().unwrap();
        let there: Vec<String> = txn.list_tables().unwrap().map(|table| table.name().to_owned()).collect();
        let mut listed = Vec::new();
        every_table!(table => listed.push(table.name().to_owned()));
        listed.sort();
        assert_eq!(listed, there);
    }

    #[test]
    fn what_does_not_fit_a_table_is_seen() {
        assert!(is_a::<&[u8; 2]>(&[1, 2]) && !is_a::<&[u8; 2]>(&[1]) && is_a::<&[u8]>(&[]));
        assert!(is_a::<&str>(b"text") && !is_a::<&str>(&[0xff]) && is_a::<()>(&[]) && !is_a::<u64>(&[1]));
    }
}
