//! The database as it was at a moment, made from what a server keeps in the place of its backups.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::upkeep::restore_with_changes;
use super::{Error, backup_place, store_options};
use crate::backups::{Inventory, Place, PlaceError, Route};
use crate::config::{self, Config};
use crate::domain::{Clock as _, IdGenerator, SystemClock, Timestamp};
use crate::store::redb::BackupError;
use crate::telemetry::Pipeline;

/// Where copies from elsewhere are until they are read, in the data directory.
const SCRATCH: &str = "ghostworks.restoring";

/// What was restored.
pub struct Recovered {
    /// How many rows that was.
    pub rows: u64,
    /// The backup it began with.
    pub backup: String,
    /// How many times changes were added to it.
    pub changes: usize,
    /// The moment that it is of: nothing that was written later is in it.
    pub time: Timestamp,
}

/// Makes the database in the data directory as it was at `to`, or as near before that as there is something: the newest
/// backup, and the changes since. `passed` is told how many rows were restored so far.
pub async fn recover(
    config: &Config,
    to: Option<Timestamp>,
    force: bool,
    passed: impl FnMut(u64),
) -> Result<Recovered, Error> {
    let Some(address) = &config.backups.to else { return Err(Error::NothingToRestore) };
    if store_options(&config.storage).location.has_database() && !force {
        return Err(BackupError::IsThere.into());
    }
    // Nobody is to be told of a restore.
    let quiet = config::Telemetry { disabled: true, ..config.telemetry.clone() };
    let (_pipeline, telemetry) =
        Pipeline::start(&quiet, config.environment, IdGenerator::new().next(SystemClock.now()))?;
    let place = backup_place(address, &config.backups, Arc::new(telemetry))?;
    let failed = |cause: String| Error::Place { address: address.clone(), cause };
    let names = place.names().await.map_err(|error| failed(error.to_string()))?;
    // What a wrong clock has put into the future says nothing about the past.
    let to = to.unwrap_or_else(|| SystemClock.now());
    let route = Inventory::of(&names).route_to(to).map_err(|error| failed(error.to_string()))?;

    let scratch = Scratch(config.storage.data_dir.join(SCRATCH));
    let (backup, changes) = files(&place, &route, &scratch.0).await.map_err(|error| failed(error.to_string()))?;
    let rows = restore_with_changes(config, &backup, &changes, force, passed)?;
    Ok(Recovered { rows, backup: route.backup.name(), changes: changes.len(), time: route.time() })
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

/// A directory that is removed in the end, if it was made.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // What was restored, or why not, is more worth telling than that something was left behind.
        drop(fs::remove_dir_all(&self.0));
    }
}
