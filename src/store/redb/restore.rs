//! A backup of the file of a database, and a file made from one.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use redb::Builder;
use thiserror::Error;

use super::errors::OpenError;
use super::files::{private_file, put_in_place};
use super::open::{self, Location, Options};
use super::rebuild::{self, Rebuilding};
use super::upgrade::dump_as_it_is;
use crate::domain::Share;
use crate::store::StoreError;
use crate::store::backup::{BackupError, Copied, fill, verify_all};

/// What a database is called while it is being restored, beside the one that it will replace.
const RESTORING: &str = "ghostworks.redb.restoring";

/// Why a file was not backed up, or not restored. One line each.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// The database can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The backup was not made, or is of no use.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// There is a database, which would be lost.
    #[error("there is a database already: --force replaces it by the backup, and what it has is lost")]
    IsThere,
    /// The new database can't be put in its place.
    #[error("the data directory can't be written: {0}")]
    Directory(io::Error),
}

impl From<StoreError> for RestoreError {
    fn from(error: StoreError) -> Self {
        Self::Backup(error.into())
    }
}

/// Writes everything in the database that nobody else has open to `sink`; one of an earlier version as that would.
/// `passed` is called for each row.
pub fn backup(options: &Options, sink: impl Write, passed: impl FnMut(Share)) -> Result<Copied, RestoreError> {
    let (database, _) = open::open_as_it_is(options)?;
    Ok(dump_as_it_is(&database, sink, passed)?)
}

/// Makes the database in a directory from a backup and the changes since, in their order: reads all of them once to see
/// that they are whole, then again into a file of its own, which takes the place of the database in one step. One that
/// is there is kept unless `force`d, and while a server runs in any case. `passed` is called for each row, twice. Returns how many rows were restored.
pub fn restore(
    options: &Options,
    backup: &Path,
    changes: &[PathBuf],
    force: bool,
    mut passed: impl FnMut(Share),
) -> Result<u64, RestoreError> {
    let Location::Directory(directory) = &options.location else { return Err(RestoreError::IsThere) };
    if options.location.has_database() && !force {
        return Err(RestoreError::IsThere);
    }
    let total = verify_all(backup, changes, &mut passed)?;
    fs::create_dir_all(directory).map_err(RestoreError::Directory)?;
    let path = options.location.path();
    // Until it is replaced, so that no server begins to use it meanwhile.
    let _held = open::hold(&path)?;
    let restoring = directory.join(RESTORING);
    let restored = make(&restoring, options, backup, changes, |rows| {
        passed(Share::new("rows restored", rows, Some(total)));
    })
    .and_then(|rows| put_in_place(directory, &restoring, &path).map_err(RestoreError::Directory).map(|()| rows));
    if restored.is_err() {
        // What went wrong is more worth telling than that something was left behind.
        drop(fs::remove_file(&restoring));
    }
    restored
}

/// Makes a database from a backup and changes that are whole.
fn make(
    path: &Path,
    options: &Options,
    backup: &Path,
    changes: &[PathBuf],
    passed: impl FnMut(u64),
) -> Result<u64, RestoreError> {
    private_file().truncate(true).open(path).map_err(RestoreError::Directory)?;
    let database = Builder::new().set_cache_size(options.cache_bytes).create(path).map_err(StoreError::from)?;
    let txn = rebuild::begin(&database)?;
    let rows = fill(&mut Rebuilding::of(&txn)?, backup, changes, &*options.entropy, passed)?;
    txn.commit().map_err(StoreError::from)?;
    database.close().map_err(StoreError::from)?;
    Ok(rows)
}
