//! Backups: all tables as of one commit in a file of their own, what has changed since in others, and a database made
//! from such files.
//!
//! A backup does not depend on how redb lays out its file, has no page in it that is free, and knows its own checksum.

mod apply;
mod change_set;
mod change_set_writer;
mod changed_rows;
mod format;
mod position;
mod prefix;
mod settle;
mod stream;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod workload;

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};

use redb::{Builder, Database, Key, ReadableTable as _, TableDefinition, TableHandle as _, Value, WriteTransaction};
use thiserror::Error;

use self::format::{BackupReader, BackupWriter, Content, Part, damaged};
use super::errors::OpenError;
use super::history;
use super::migrate;
use super::open::{self, Location, Options};
use super::records;
use super::snapshot::Snapshot;
use super::tables::{REFRESH_SALTS, every_table};
use crate::store::{Damage, StoreError};

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
    /// A backup, or changes, can't be read, or don't fit what they are to change.
    #[error("the {content} {}: {source}", path.display())]
    Kept {
        /// What it is.
        content: &'static str,
        /// Its file.
        path: PathBuf,
        /// What is wrong.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Changes begin later than what was restored so far ends.
    #[error("the changes {from} to {to} are missing")]
    Gap {
        /// The first that is missing.
        from: u64,
        /// The last.
        to: u64,
    },
    /// Changes are those of another database.
    #[error("it has the changes of another database, or of this one after it was restored to an earlier moment")]
    AnotherHistory,
    /// There is a database, which would be lost.
    #[error("there is a database already: --force replaces it by the backup, and what it has is lost")]
    IsThere,
    /// The new database can't be put in its place.
    #[error("the data directory can't be written: {0}")]
    Directory(io::Error),
}

/// What is in a backup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// How many rows.
    pub rows: u64,
    /// How many of them can't be read. They are in it as they are in the database.
    pub damaged: u64,
}

/// Writes everything in the database that nobody else has open to `sink`. `passed` is called with how many rows there
/// were so far, now and then.
pub fn backup(options: &Options, sink: impl Write, passed: impl FnMut(u64)) -> Result<Copied, BackupError> {
    let database = open::open_current(options)?;
    dump(&Snapshot::open(&database)?, sink, passed)
}

/// Writes all tables as a snapshot sees them.
fn dump(snapshot: &Snapshot, sink: impl Write, mut passed: impl FnMut(u64)) -> Result<Copied, BackupError> {
    let (mut writer, mut damaged) = (BackupWriter::new(sink, Content::Everything)?, 0);
    every_table!(table => damaged += dump_table(snapshot, table, &mut writer, &mut passed)?);
    Ok(Copied { rows: writer.finish()?, damaged })
}

/// Returns how many rows can't be read.
fn dump_table<K: Key + 'static, V: Value + 'static>(
    snapshot: &Snapshot,
    table: TableDefinition<'static, K, V>,
    writer: &mut BackupWriter<impl Write>,
    passed: &mut impl FnMut(u64),
) -> Result<u64, BackupError> {
    writer.table(table.name())?;
    // They are kept for seconds, and nowhere else.
    if table.name() == REFRESH_SALTS.name() {
        return Ok(0);
    }
    let rows = snapshot.txn().open_table(table).map_err(StoreError::from)?;
    let mut damaged = 0;
    for row in rows.iter().map_err(StoreError::from)? {
        let (key, value) = row.map_err(StoreError::from)?;
        let (key, value) = (key.value(), value.value());
        let (key, value) = (K::as_bytes(&key), V::as_bytes(&value));
        if let Some(cause) = records::trouble(table.name(), value.as_ref()) {
            snapshot.met_damage(&Damage::new(table.name(), key.as_ref(), cause));
            damaged += 1;
        }
        writer.row(key.as_ref(), value.as_ref())?;
        passed(writer.rows());
    }
    Ok(damaged)
}

/// Makes the database in a directory from a backup and the changes since, in their order: reads all of them once to see
/// that they are whole, then again into a file of its own, which takes the place of the database in one step. One that
/// is there is kept unless `force`d, and while a server runs in any case. Returns how many rows were restored.
pub fn restore(
    options: &Options,
    backup: &Path,
    changes: &[PathBuf],
    force: bool,
    mut passed: impl FnMut(u64),
) -> Result<u64, BackupError> {
    let Location::Directory(directory) = &options.location else { return Err(BackupError::IsThere) };
    if options.location.has_database() && !force {
        return Err(BackupError::IsThere);
    }
    for (file, content) in kept(backup, changes) {
        read_through(file, content, |_| {})?;
    }
    fs::create_dir_all(directory).map_err(BackupError::Directory)?;
    let path = options.location.path();
    // Until it is replaced, so that no server begins to use it meanwhile.
    let _held = open::hold(&path)?;
    let restoring = directory.join(RESTORING);
    let restored = fill(&restoring, options, backup, changes, &mut passed)
        .and_then(|rows| put_in_place(directory, &restoring, &path).map_err(BackupError::Directory).map(|()| rows));
    if restored.is_err() {
        // What went wrong is more worth telling than that something was left behind.
        drop(fs::remove_file(&restoring));
    }
    restored
}

/// Reads a backup through to see that it is whole. `passed` is called with how many rows there were so far, now and then.
pub fn verify(backup: &Path, passed: impl FnMut(u64)) -> Result<Copied, BackupError> {
    read_through(backup, Content::Everything, passed)
}

/// The same for the changes since a backup.
pub fn verify_changes(changes: &Path) -> Result<Copied, BackupError> {
    read_through(changes, Content::Changes, |_| {})
}

/// A backup and the changes since it, each with what it has.
fn kept<'a>(backup: &'a Path, changes: &'a [PathBuf]) -> impl Iterator<Item = (&'a Path, Content)> {
    let changes = changes.iter().map(|file| (file.as_path(), Content::Changes));
    [(backup, Content::Everything)].into_iter().chain(changes)
}

fn read_through(file: &Path, content: Content, mut passed: impl FnMut(u64)) -> Result<Copied, BackupError> {
    let mut read = || {
        let mut reader = BackupReader::new(BufReader::new(File::open(file)?), content)?;
        let (mut table, mut damaged) = (String::new(), 0);
        loop {
            match reader.next()? {
                Part::Table(name) => table = name,
                Part::Prefix(_) => {}
                Part::Row(_, row) => damaged += u64::from(is_damaged(&table, &row)),
                Part::End => return Ok(Copied { rows: reader.rows(), damaged }),
            }
            passed(reader.rows());
        }
    };
    read().map_err(|error: io::Error| in_file(content, file, error.into()))
}

/// Whether a row can't be read. Changes have an empty entry for what comes before the first.
fn is_damaged(table: &str, row: &[u8]) -> bool {
    !row.is_empty() && records::trouble(table, row).is_some()
}

/// What is wrong with a backup or changes, with the name of the file.
fn in_file(content: Content, file: &Path, error: BackupError) -> BackupError {
    let source: Box<dyn Error + Send + Sync> = match error {
        BackupError::Backup(error) => error.into(),
        other => other.into(),
    };
    BackupError::Kept { content: content.name(), path: file.to_owned(), source }
}

/// Reads these bytes as a backup, and as changes.
#[cfg(fuzzing)]
pub fn read_anything(bytes: &[u8]) {
    for content in [Content::Everything, Content::Changes] {
        if let Ok(mut reader) = BackupReader::new(bytes, content) {
            while matches!(reader.next(), Ok(Part::Table(_) | Part::Prefix(_) | Part::Row(..))) {}
        }
    }
}

/// Makes a database from a backup and changes that are whole.
fn fill(
    path: &Path,
    options: &Options,
    backup: &Path,
    changes: &[PathBuf],
    passed: &mut impl FnMut(u64),
) -> Result<u64, BackupError> {
    open::private_file().truncate(true).open(path).map_err(BackupError::Directory)?;
    let database = Builder::new().set_cache_size(options.cache_bytes).create(path).map_err(StoreError::from)?;
    let mut rows = 0;
    let mut one_more = || {
        rows += 1;
        passed(rows);
    };
    let mut txn = begin(&database)?;
    let read = fill_tables(&txn, backup, &mut one_more);
    read.map_err(|error| in_file(Content::Everything, backup, error))?;
    open::require_known(path, migrate::version_in(&txn)?)?;
    for file in changes {
        txn = apply::apply(&database, txn, file, &mut one_more)
            .map_err(|error| in_file(Content::Changes, file, error))?;
    }
    if !changes.is_empty() {
        settle::settle(&txn)?;
    }
    history::begin(&txn, &*options.entropy)?;
    txn.commit().map_err(StoreError::from)?;
    database.close().map_err(StoreError::from)?;
    Ok(rows)
}

/// A transaction whose commit is as safe as one of the server.
fn begin(database: &Database) -> Result<WriteTransaction, BackupError> {
    let mut txn = database.begin_write().map_err(StoreError::from)?;
    txn.set_two_phase_commit(true);
    txn.set_quick_repair(true);
    Ok(txn)
}

/// Puts all rows of a backup in their places.
fn fill_tables(txn: &WriteTransaction, backup: &Path, passed: &mut impl FnMut()) -> Result<(), BackupError> {
    let mut backup = BackupReader::new(BufReader::new(File::open(backup)?), Content::Everything)?;
    let mut part = backup.next()?;
    while let Part::Table(name) = part {
        part = apply::rows_of(txn, &name, &mut backup, passed)?;
    }
    if part == Part::End { Ok(()) } else { Err(damaged("a row is of no table").into()) }
}

/// Renames the new database over the old one, for good.
fn put_in_place(directory: &Path, restoring: &Path, path: &Path) -> io::Result<()> {
    File::open(restoring)?.sync_all()?;
    fs::rename(restoring, path)?;
    File::open(directory)?.sync_all()
}
