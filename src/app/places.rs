//! What is in the place of the backups: listed, verified, pruned, adopted.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use gethostname::gethostname;

use super::scratch::{SCRATCH, Scratch};
use super::settings::backup_place;
use super::{Error, shared, upkeep};
use crate::backups::{Inventory, KeptBackup, KeptChanges, NoRoute, Owner, Place, PlaceError, is_of_changes};
use crate::config::{self, Config};
use crate::domain::{Clock as _, IdGenerator, InstallationId, ShortId, SystemClock, Timestamp};
use crate::store::backup::{Copied, verify, verify_changes};
use crate::telemetry::Pipeline;

/// The place of the backups, as it is.
pub struct BackupPlace {
    address: String,
    place: Place,
    sizes: BTreeMap<String, u64>,
    /// The installation that it belongs to.
    pub owner: Option<Owner>,
    /// The one in the data directory, if there is one.
    pub here: Option<InstallationId>,
    data_dir: PathBuf,
    // Requests to a bucket are recorded by it, and it exports nothing.
    _pipeline: Pipeline,
}

/// A backup, and how far the changes since lead.
pub struct RestorePoint {
    /// When the backup was made.
    pub time: Timestamp,
    /// Every moment until then can be restored.
    pub until: Timestamp,
    /// The bytes of the backup.
    pub bytes: u64,
    /// How many times changes were shipped since.
    pub changes: usize,
    /// Their bytes.
    pub changes_bytes: u64,
    /// The installation that made it; none for one of an earlier version, which did not say.
    pub made_by: Option<ShortId>,
    /// Whether it belongs to the owner of the place.
    pub is_owners: bool,
    /// The name of the backup.
    pub name: String,
}

/// A file of the place that was read through.
pub struct Verified {
    /// Its name.
    pub name: String,
    /// How many rows it has, or what is wrong.
    pub rows: Result<Copied, Error>,
}

impl BackupPlace {
    /// The place that is configured.
    pub async fn open(config: &Config) -> Result<Self, Error> {
        let address = config.backups.to.clone().ok_or(Error::NoBackupPlace)?;
        let quiet = config::Telemetry { disabled: true, ..config.telemetry.clone() };
        let (pipeline, telemetry) =
            Pipeline::start(&quiet, config.environment, IdGenerator::new().next(SystemClock.now()))?;
        let place = backup_place(&address, &config.backups, Arc::new(telemetry))?;
        let failed = |error: PlaceError| Error::Place { address: address.clone(), error };
        let sizes = place.list().await.map_err(failed)?;
        let owner = place.owner().await.map_err(failed)?;
        let here = shared::known_installation(config).await?;
        let data_dir = config.storage.data_dir.clone();
        Ok(Self { address, place, sizes, owner, here, data_dir, _pipeline: pipeline })
    }

    /// Its backups, oldest first, each with what leads on from it to the next of the same history.
    pub fn restore_points(&self) -> Vec<RestorePoint> {
        let all = self.inventory();
        all.backups.iter().map(|backup| self.restore_point(&all, backup)).collect()
    }

    fn restore_point(&self, all: &Inventory, backup: &KeptBackup) -> RestorePoint {
        let next = all.backups.iter().find(|it| it.time > backup.time && it.origin == backup.origin);
        let before_next = |changes: &&KeptChanges| next.is_none_or(|next| changes.time < next.time);
        let route = all.unbroken_from(backup);
        let changes: Vec<_> = route.changes.iter().filter(before_next).collect();
        let until = changes.last().map_or(backup.time, |changes| changes.time);
        RestorePoint {
            time: backup.time,
            until,
            bytes: self.size(&backup.name()),
            changes: changes.len(),
            changes_bytes: changes.iter().map(|changes| self.size(&changes.name())).sum(),
            made_by: backup.origin.map(|origin| origin.installation),
            is_owners: self.owner.as_ref().is_some_and(|owner| owner.owns(backup.time, backup.origin)),
            name: backup.name(),
        }
    }

    /// Reads a backup and all changes since through: the one of this name, all, or else the newest of the owner's.
    pub async fn verify(&self, name: Option<&str>, all: bool) -> Result<Vec<Verified>, Error> {
        let inventory = self.inventory();
        let names: Vec<String> = if all {
            let changes = inventory.changes.iter().map(KeptChanges::name);
            inventory.backups.iter().map(KeptBackup::name).chain(changes).collect()
        } else {
            self.route_names(name)?
        };
        let mut verified = Vec::with_capacity(names.len());
        for name in names {
            let scratch = Scratch(self.data_dir.join(SCRATCH));
            let file = self.place.file(&name, &scratch.0).await;
            let rows = match file {
                Ok(file) if is_of_changes(&name) => verify_changes(&file).map_err(Error::from),
                Ok(file) => verify(&file, |_| {}).map_err(Error::from),
                Err(error) => Err(self.failed(error)),
            };
            verified.push(Verified { name, rows });
        }
        Ok(verified)
    }

    fn route_names(&self, name: Option<&str>) -> Result<Vec<String>, Error> {
        let inventory = self.restorable();
        let no_route = |error: NoRoute| self.failed(PlaceError::NoRoute(error));
        let backup = match name {
            Some(name) => self.inventory().backups.into_iter().find(|backup| backup.name() == name),
            None => inventory.newest_backup(SystemClock.now()),
        };
        let backup = backup.ok_or_else(|| no_route(NoRoute::NoBackup))?;
        let route = self.inventory().unbroken_from(&backup);
        Ok([route.backup.name()].into_iter().chain(route.changes.iter().map(KeptChanges::name)).collect())
    }

    /// Removes what is needed no longer when so many backups are kept, unless it is a `dry_run`. Returns its names, and
    /// the bytes of each.
    pub async fn prune(&self, keep: usize, dry_run: bool) -> Result<Vec<(String, u64)>, Error> {
        let here = self.here.ok_or_else(|| Error::NoInstallation { path: self.data_dir.clone() })?;
        let owner = self.place.require_owner(here).await.map_err(|error| self.failed(error))?;
        let names = owner.own(&self.inventory()).not_needed(keep);
        if !dry_run {
            for name in &names {
                self.place.remove(name).await.map_err(|error| self.failed(error))?;
            }
        }
        Ok(names.into_iter().map(|name| (name.clone(), self.size(&name))).collect())
    }

    /// Gives the place, and everything in it, to the installation in the data directory. Returns who it belonged to.
    pub async fn adopt(&self, config: &Config) -> Result<Option<Owner>, Error> {
        upkeep::require_database(config)?;
        let inventory = self.inventory();
        let times = inventory.backups.iter().map(|it| it.time).chain(inventory.changes.iter().map(|it| it.time));
        let owner = Owner {
            installation: shared::made_installation(config).await?,
            whereabouts: whereabouts(config),
            since: SystemClock.now(),
            inherits_from: times.min(),
        };
        self.place.hand_over(&owner).await.map_err(|error| self.failed(error))?;
        Ok(self.owner.clone())
    }

    /// What a restore takes: what is the owner's, if there is one.
    pub(super) fn restorable(&self) -> Inventory {
        let inventory = self.inventory();
        self.owner.as_ref().map_or_else(|| inventory.clone(), |owner| owner.own(&inventory))
    }

    /// The place itself.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// That the place did not do what it was asked.
    pub(super) fn failed(&self, error: PlaceError) -> Error {
        Error::Place { address: self.address.clone(), error }
    }

    fn inventory(&self) -> Inventory {
        Inventory::of(self.sizes.keys())
    }

    fn size(&self, name: &str) -> u64 {
        self.sizes.get(name).copied().unwrap_or_default()
    }
}

/// Where the data directory of an installation is, for people.
pub(super) fn whereabouts(config: &Config) -> String {
    let data_dir = &config.storage.data_dir;
    let data_dir = fs::canonicalize(data_dir).unwrap_or_else(|_| data_dir.clone());
    format!("{}:{}", gethostname().to_string_lossy(), data_dir.display())
}
