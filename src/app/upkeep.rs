//! What is done to a database as a whole: to the files while no server runs, and else by asking the one that does.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::database::Database;
use super::inspected::{self, INDEXED};
use super::{Error, SEARCH_DIR, deleted, running};
use crate::config::Config;
use crate::domain::{Email, Share};
use crate::search::IndexContents;
use crate::service;
use crate::store::backup::{self, BackupError, Copied};
use crate::store::check::{CheckReport, Passed};
use crate::store::postgres;
use crate::store::redb::{self, CompactError, Compacted, OpenError, RestoreError};
use crate::store::{Schema, Stats};
use crate::whole_file::WholeFile;

/// How often it is looked how far something is.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// Checks everything in the database, and what the search index says of it; with `repair`, what is derived is rebuilt where
/// it is wrong. A server that runs is asked to check, and never repairs. `passed` is called with how much is done, while
/// none runs.
pub async fn check(config: &Config, repair: bool, passed: Passed) -> Result<CheckReport, Error> {
    if has_server_before_postgres(config).await && !repair {
        return inspected::check(config).await;
    }
    match check_files(config, repair, passed).await {
        Err(error) if error.is_locked() && repair => Err(Error::Running(
            "it checks while it runs, without --repair, which changes what it has open and needs it stopped",
        )),
        Err(error) if error.is_locked() => inspected::check(config).await,
        checked => checked,
    }
}

async fn check_files(config: &Config, repair: bool, passed: Passed) -> Result<CheckReport, Error> {
    let (mut report, is_earlier) = match existing(config)? {
        Database::File(options) => {
            let report = redb::check(&options, repair, passed)?;
            (report, !redb::schema(&options, false)?.steps.is_empty())
        }
        Database::Postgres(options) => (postgres::check(&options.address, repair, passed)?, false),
    };
    let directory = config.storage.data_dir.join(SEARCH_DIR);
    // A missing one is made by the next start, and so is that of an earlier version. What is wrong with the rows says nothing
    // about the index.
    if report.found > report.repairable || !directory.exists() || is_earlier {
        return Ok(report);
    }
    let store = existing(config)?.open_unobserved(&config.storage.data_dir)?;
    let findings = match IndexContents::read(&directory, store.history()) {
        Ok(index) => {
            report.rows.insert(SEARCH_DIR.into(), index.updated_at.len() as u64);
            service::check_index(&*store, index).await.map_err(Error::Check)?
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
    let database = existing(config)?;
    if file.exists() && !force {
        return Err(Error::FileIsThere { path: file.to_owned() });
    }
    let (claim, target) = WholeFile::create(file).map_err(BackupError::from)?;
    let copied = match write(&database, &target, &mut passed) {
        Err(Error::Backup(RestoreError::Open(OpenError::Locked { .. }))) => {
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
    let rows = match Database::of(&config.storage)? {
        Database::File(options) => redb::restore(&options, backup, changes, force, passed)?,
        Database::Postgres(options) => {
            postgres::restore(&options.address, backup, changes, force, &*options.entropy, |_| Ok(None), passed)?
        }
    };
    // It is an index of what was there before.
    let path = config.storage.data_dir.join(SEARCH_DIR);
    match fs::remove_dir_all(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::Search { path, error: error.into() }),
        Ok(()) | Err(_) => Ok(rows),
    }
}

/// Makes the database's file as small as it can be. A server that runs can't: it says what would be given back.
pub async fn compact(config: &Config) -> Result<Compacted, Error> {
    let Database::File(options) = existing(config)? else { return Err(Error::PostgresCompacts) };
    match redb::compact(&options) {
        Err(CompactError::Open(OpenError::Locked { .. })) => {
            let stats = inspected::stats(config).await?;
            Err(Error::InUseForCompact { unused: stats.unused_bytes() >> 20, file: stats.file_bytes >> 20 })
        }
        compacted => Ok(compacted?),
    }
}

/// What the schema of the database is, and what leads to that of this version; unless it is a `dry_run`, that is done.
pub fn migrate(config: &Config, dry_run: bool) -> Result<Schema, Error> {
    Ok(match existing(config)? {
        Database::File(options) => redb::schema(&options, !dry_run)?,
        Database::Postgres(options) => postgres::schema(&options.address, !dry_run)?,
    })
}

/// What takes up space in the database, also in that of a server that runs.
pub async fn stats(config: &Config) -> Result<Stats, Error> {
    let options = match existing(config)? {
        Database::File(options) => options,
        Database::Postgres(options) => return Ok(postgres::stats(&options.address)?),
    };
    match redb::stats(&options) {
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
    let store = existing(config)?.open_unobserved(&config.storage.data_dir)?;
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

/// Whether a server with this data directory uses a PostgreSQL: then nothing else says that it does.
async fn has_server_before_postgres(config: &Config) -> bool {
    config.storage.url.is_some() && running::is_there(&config.storage.data_dir).await
}

/// The database, if it is there.
fn existing(config: &Config) -> Result<Database, Error> {
    match Database::of(&config.storage)? {
        Database::File(options) if !options.location.has_database() => {
            Err(Error::NoDatabase { path: config.storage.data_dir.clone() })
        }
        database => Ok(database),
    }
}

/// Refuses when there is none.
pub(super) fn require_database(config: &Config) -> Result<(), Error> {
    existing(config).map(drop)
}

fn write(database: &Database, file: &File, passed: impl FnMut(Share)) -> Result<Copied, Error> {
    let mut sink = BufWriter::new(file);
    let copied = match database {
        Database::File(options) => redb::backup(options, &mut sink, passed)?,
        Database::Postgres(options) => postgres::backup(&options.address, &mut sink, passed)?,
    };
    sink.flush().and_then(|()| file.sync_all()).map_err(BackupError::from)?;
    Ok(copied)
}
