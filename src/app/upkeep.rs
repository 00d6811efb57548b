//! What is done to a database as a whole: to the files while no server runs, and else by asking the one that does.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::inspected::{self, INDEXED};
use super::{Error, SEARCH_DIR, deleted, running, store_options};
use crate::config::Config;
use crate::domain::{Email, Share};
use crate::search::IndexContents;
use crate::service;
use crate::store::backup::{self, BackupError, Copied};
use crate::store::check::{CheckReport, Passed};
use crate::store::redb::{self, CompactError, Compacted, OpenError, Options, RedbStore, RestoreError, Schema};
use crate::store::{NoObserver, Stats, Store as _};
use crate::whole_file::WholeFile;

/// How often it is looked how far something is.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// Checks everything in the database, and what the search index says of it; with `repair`, what is derived is rebuilt where
/// it is wrong. A server that runs is asked to check, and never repairs. `passed` is called with how much is done, while
/// none runs.
pub async fn check(config: &Config, repair: bool, passed: Passed) -> Result<CheckReport, Error> {
    match check_files(config, repair, passed).await {
        Err(error) if error.is_locked() && repair => Err(Error::Running(
            "it checks while it runs, without --repair, which changes what it has open and needs it stopped",
        )),
        Err(error) if error.is_locked() => inspected::check(config).await,
        checked => checked,
    }
}

async fn check_files(config: &Config, repair: bool, passed: Passed) -> Result<CheckReport, Error> {
    let mut report = redb::check(&existing(config)?, repair, passed)?;
    let directory = config.storage.data_dir.join(SEARCH_DIR);
    // A missing one is made by the next start, and so is that of an earlier version. What is wrong with the rows says nothing
    // about the index.
    let is_earlier = !redb::schema(&existing(config)?, false)?.steps.is_empty();
    if report.found > report.repairable || !directory.exists() || is_earlier {
        return Ok(report);
    }
    let store = RedbStore::open(existing(config)?, Arc::new(NoObserver))?;
    let findings = match IndexContents::read(&directory, store.history()) {
        Ok(index) => {
            report.rows.insert(SEARCH_DIR.into(), index.updated_at.len() as u64);
            service::check_index(&store, index).await.map_err(Error::Check)?
        }
        Err(error) => vec![error.to_string()],
    };
    store.close().await.map_err(Error::Close)?;
    if repair && !findings.is_empty() {
        reindex_files(config, &mut |_| {}).await?;
    }
    findings.into_iter().for_each(|finding| report.derived(finding));
    Ok(report)
}

/// Writes everything in the database to a file that appears under its name when it is whole, and returns what it has.
/// One that is there is kept unless `force`d. A server that runs is asked to do it. `passed` is called with how much
/// was written so far, or was read again to see that it arrived.
pub async fn backup(config: &Config, file: &Path, force: bool, mut passed: impl FnMut(Share)) -> Result<Copied, Error> {
    let options = existing(config)?;
    if file.exists() && !force {
        return Err(Error::FileIsThere { path: file.to_owned() });
    }
    let (claim, target) = WholeFile::create(file).map_err(BackupError::from)?;
    let copied = match write(&options, &target, &mut passed) {
        Err(RestoreError::Open(OpenError::Locked { .. })) => {
            running::backup(config, target, &mut passed).await?;
            backup::verify(claim.partial(), passed)?
        }
        written => written?,
    };
    claim.keep().map_err(BackupError::from)?;
    Ok(copied)
}

/// What was restored.
pub struct Restored {
    /// How many rows that was.
    pub rows: u64,
    /// How many people were in it who were deleted since, and are deleted again.
    pub deleted: usize,
}

/// Makes the database in the data directory from a backup; see [`redb::restore`]. Who was deleted since is not in it, but
/// for those to `include`.
pub async fn restore(
    config: &Config,
    file: &Path,
    force: bool,
    include: &[Email],
    passed: impl FnMut(Share),
) -> Result<Restored, Error> {
    let rows = restore_with_changes(config, file, &[], force, passed)?;
    Ok(Restored { rows, deleted: deleted::after_restore(config, include).await? })
}

/// The same, with the changes since the backup.
pub(super) fn restore_with_changes(
    config: &Config,
    backup: &Path,
    changes: &[PathBuf],
    force: bool,
    passed: impl FnMut(Share),
) -> Result<u64, Error> {
    let rows = redb::restore(&store_options(&config.storage), backup, changes, force, passed)?;
    // It is an index of what was there before.
    let path = config.storage.data_dir.join(SEARCH_DIR);
    match fs::remove_dir_all(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::Search { path, error: error.into() }),
        Ok(()) | Err(_) => Ok(rows),
    }
}

/// Makes the database's file as small as it can be. A server that runs can't: it says what would be given back.
pub async fn compact(config: &Config) -> Result<Compacted, Error> {
    match redb::compact(&existing(config)?) {
        Err(CompactError::Open(OpenError::Locked { .. })) => {
            let stats = inspected::stats(config).await?;
            Err(Error::InUseForCompact { unused: stats.unused_bytes() >> 20, file: stats.file_bytes >> 20 })
        }
        compacted => Ok(compacted?),
    }
}

/// What the schema of the database is, and what leads to that of this version; unless it is a `dry_run`, that is done.
pub fn migrate(config: &Config, dry_run: bool) -> Result<Schema, Error> {
    Ok(redb::schema(&existing(config)?, !dry_run)?)
}

/// What takes up space in the database, also in that of a server that runs.
pub async fn stats(config: &Config) -> Result<Stats, Error> {
    match redb::stats(&existing(config)?) {
        Err(OpenError::Locked { .. }) => inspected::stats(config).await,
        stats => Ok(stats?),
    }
}

/// Rebuilds the search index, and returns how many artifacts are in it. A server that runs is asked to, and goes on
/// meanwhile. `passed` is called with how many were taken in so far.
pub async fn reindex(config: &Config, mut passed: impl FnMut(Share)) -> Result<u64, Error> {
    match reindex_files(config, &mut passed).await {
        Err(error) if error.is_locked() => inspected::reindex(config, passed).await,
        done => done,
    }
}

async fn reindex_files(config: &Config, passed: &mut impl FnMut(Share)) -> Result<u64, Error> {
    let store = Arc::new(RedbStore::open(existing(config)?, Arc::new(NoObserver))?);
    let search = Arc::new(super::search(&config.storage, store.history())?);
    let mut work = pin!(service::reindex(store.clone(), search.clone()));
    let mut looks = tokio::time::interval(BETWEEN_LOOKS);
    loop {
        tokio::select! {
            done = &mut work => break done.map_err(Error::Reindex)?,
            _ = looks.tick() => {
                let (done, total) = search.rebuilt();
                passed(Share::new(INDEXED, done, Some(total)));
            }
        }
    }
    store.close().await.map_err(Error::Close)?;
    Ok(search.documents())
}

/// For a database that is there.
pub(super) fn existing(config: &Config) -> Result<Options, Error> {
    let options = store_options(&config.storage);
    if options.location.has_database() {
        Ok(options)
    } else {
        Err(Error::NoDatabase { path: config.storage.data_dir.clone() })
    }
}

fn write(options: &Options, file: &File, passed: impl FnMut(Share)) -> Result<Copied, RestoreError> {
    let mut sink = BufWriter::new(file);
    let copied = redb::backup(options, &mut sink, passed)?;
    sink.flush().and_then(|()| file.sync_all()).map_err(BackupError::from)?;
    Ok(copied)
}
