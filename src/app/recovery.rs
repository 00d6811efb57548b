//! The database as it was at a moment, made from what a server keeps in the place of its backups.

use std::path::{Path, PathBuf};

use super::database::file_options;
use super::places::BackupPlace;
use super::scratch::{SCRATCH, Scratch};
use super::upkeep::restore_with_changes;
use super::{Error, deleted};
use crate::backups::{Owner, Place, PlaceError, Route};
use crate::config::Config;
use crate::domain::{Clock as _, Email, Share, SystemClock, Timestamp};
use crate::store::redb::RestoreError;

/// What was restored.
pub struct Recovered {
    /// How many rows that was.
    pub rows: u64,
    /// How many people were in it who were deleted since, and are deleted again.
    pub deleted: usize,
    /// The backup it began with.
    pub backup: String,
    /// The installation that the place belongs to.
    pub owner: Option<Owner>,
    /// How many times changes were added to it.
    pub changes: usize,
    /// The moment that it is of: nothing that was written later is in it.
    pub time: Timestamp,
}

/// Makes the database in the data directory as it was at `to`, or as near before that as there is something: the newest
/// backup, and the changes since. Who was deleted since is not in it, but for those to `include`. `passed` is called with how much is done.
pub async fn recover(
    config: &Config,
    to: Option<Timestamp>,
    force: bool,
    include: &[Email],
    passed: impl FnMut(Share),
) -> Result<Recovered, Error> {
    if config.backups.to.is_none() {
        return Err(Error::NothingToRestore);
    }
    let is_there = config.storage.url.is_none() && file_options(&config.storage).location.has_database();
    if is_there && !force {
        return Err(RestoreError::IsThere.into());
    }
    let place = BackupPlace::open(config).await?;
    // What a wrong clock has put into the future says nothing about the past.
    let to = to.unwrap_or_else(|| SystemClock.now());
    let route = place.restorable().route_to(to).map_err(|error| place.failed(error.into()))?;

    let scratch = Scratch(config.storage.data_dir.join(SCRATCH));
    let (backup, changes) = files(place.place(), &route, &scratch.0).await.map_err(|error| place.failed(error))?;
    // Before anybody comes back.
    let tombstones = place.place().tombstones().await.map_err(|error| place.failed(error))?;
    deleted::learn(config, tombstones).await?;
    let rows = restore_with_changes(config, &backup, &changes, force, passed)?;
    let deleted = deleted::after_restore(config, include).await?;
    let (backup, owner) = (route.backup.name(), place.owner.clone());
    Ok(Recovered { rows, deleted, backup, owner, changes: changes.len(), time: route.time() })
}

/// The files of a route.
async fn files(place: &Place, route: &Route, scratch: &Path) -> Result<(PathBuf, Vec<PathBuf>), PlaceError> {
    let backup = place.file(&route.backup.name(), scratch).await?;
    let mut changes = Vec::with_capacity(route.changes.len());
    for kept in &route.changes {
        changes.push(place.file(&kept.name(), scratch).await?);
    }
    Ok((backup, changes))
}
