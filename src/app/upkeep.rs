//! What is done to a database as a whole while no server runs.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::{Error, SEARCH_DIR, store_options};
use crate::config::Config;
use crate::service;
use crate::store::redb::{self, BackupError, CheckReport, Compacted, Options, RedbStore};
use crate::store::{NoObserver, Store as _};

/// How often it is looked how far something is.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// Checks everything in the database; with `repair`, what is derived is rebuilt where it is wrong.
pub fn check(config: &Config, repair: bool) -> Result<CheckReport, Error> {
    Ok(redb::check(&existing(config)?, repair)?)
}

/// Writes everything in the database to a file that appears under its name when it is whole, and returns how many rows
/// it has. One that is there is kept unless `force`d. `passed` is told how many rows were written so far.
pub fn backup(config: &Config, file: &Path, force: bool, passed: impl FnMut(u64)) -> Result<u64, Error> {
    let options = existing(config)?;
    if file.exists() && !force {
        return Err(Error::BackupIsThere { path: file.to_owned() });
    }
    let partial = PathBuf::from_iter([file.as_os_str().to_owned()].map(|mut name| {
        name.push(".partial");
        name
    }));
    let written = write(&options, &partial, passed).and_then(|rows| {
        fs::rename(&partial, file)?;
        Ok(rows)
    });
    if written.is_err() {
        // What went wrong is more worth telling than that something was left behind.
        drop(fs::remove_file(&partial));
    }
    Ok(written?)
}

/// Makes the database in the data directory from a backup; see [`redb::restore`].
pub fn restore(config: &Config, file: &Path, force: bool, passed: impl FnMut(u64)) -> Result<u64, Error> {
    let rows = redb::restore(&store_options(&config.storage), file, force, passed)?;
    // It is an index of what was there before.
    let path = config.storage.data_dir.join(SEARCH_DIR);
    match fs::remove_dir_all(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::Search { path, error: error.into() }),
        Ok(()) | Err(_) => Ok(rows),
    }
}

/// Makes the database's file as small as it can be.
pub fn compact(config: &Config) -> Result<Compacted, Error> {
    Ok(redb::compact(&existing(config)?)?)
}

/// Makes the search index anew, and returns how many artifacts are in it. `passed` is told how many were taken in so far.
pub async fn reindex(config: &Config, mut passed: impl FnMut(u64)) -> Result<u64, Error> {
    let store = RedbStore::open(existing(config)?, Arc::new(NoObserver))?;
    let search = super::search(&config.storage)?;
    let mut work = pin!(service::reindex(&store, &search));
    let mut looks = tokio::time::interval(BETWEEN_LOOKS);
    loop {
        tokio::select! {
            done = &mut work => break done.map_err(Error::Reindex)?,
            _ = looks.tick() => passed(search.rebuilt().0),
        }
    }
    store.close().await.map_err(Error::Close)?;
    Ok(search.documents())
}

/// For a database that is there.
fn existing(config: &Config) -> Result<Options, Error> {
    let options = store_options(&config.storage);
    if options.location.has_database() {
        Ok(options)
    } else {
        Err(Error::NoDatabase { path: config.storage.data_dir.clone() })
    }
}

/// Only its owner may read it: it has password hashes and addresses in it.
fn write(options: &Options, path: &Path, passed: impl FnMut(u64)) -> Result<u64, BackupError> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    let mut sink = BufWriter::new(file);
    let rows = redb::backup(options, &mut sink, passed)?;
    let file: File = sink.into_inner().map_err(io::Error::from)?;
    file.sync_all()?;
    Ok(rows)
}
