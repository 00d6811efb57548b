//! Places that backups, and the changes since, are kept in: a directory, or a bucket of an S3-compatible service.
//!
//! A backup is there under its name when it is whole, and not before. A place belongs to one installation (`owner.rs`).
//! When a backup is made is up to `service`.

mod bucket;
mod connector;
mod directory;
mod inventory;
mod name;
mod owner;
mod retention;
mod tombstones;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use crate::store::{Backup, StoreError};
use crate::telemetry::Telemetry;

use self::bucket::Bucket;
use self::directory::Directory;

pub use self::bucket::S3;
pub use self::inventory::{Inventory, NoRoute, Route};
pub use self::name::{KeptBackup, KeptChanges, Provenance, is_of_changes};
pub use self::owner::Owner;
pub use self::tombstones::{Tombstone, Tombstones, TombstonesError};

/// What the address of a bucket begins with.
const SCHEME: &str = "s3://";

/// Why a place did not do what it was asked.
#[derive(Debug, Error)]
pub enum PlaceError {
    /// The directory can't be used.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The bucket can't be used.
    #[error("{0}")]
    Bucket(#[from] object_store::Error),
    /// There was nothing to keep.
    #[error("the database can't be read: {0}")]
    Store(#[from] StoreError),
    /// It belongs to another installation.
    #[error(
        "it belongs to another installation, {0}, and is left alone: choose another place (backups.to), or take this one \
         over with `ghostworks backups adopt`"
    )]
    Foreign(Box<Owner>),
    /// It belongs to nobody, and what is in it is not of this database.
    #[error(
        "it has backups that are not known to be of this database, and is left alone: choose another place (backups.to), \
         or take this one over with `ghostworks backups adopt`"
    )]
    Unclaimed,
    /// What says whose it is can't be read.
    #[error("its object {0}, which says whose it is, is damaged: `ghostworks backups adopt` writes it again")]
    UnreadableOwner(&'static str),
    /// What says who was deleted can't be read.
    #[error("its object {0}, which says whose accounts were deleted, is damaged: put it back, or remove it")]
    UnreadableTombstones(&'static str),
    /// It is not known who was deleted, which the place is to know as well.
    #[error("it can't be read who was deleted: {0}")]
    Tombstones(#[from] TombstonesError),
    /// It has nothing that leads to what is asked for.
    #[error(transparent)]
    NoRoute(#[from] NoRoute),
}

impl PlaceError {
    /// Whether it refuses whom it does not belong to.
    pub fn is_of_ownership(&self) -> bool {
        matches!(self, Self::Foreign(_) | Self::Unclaimed)
    }
}

/// Where backups are kept.
pub enum Place {
    /// A directory of this machine.
    Directory(Directory),
    /// A bucket elsewhere.
    Bucket(Bucket),
}

impl Place {
    /// The place that `address` names: `s3://bucket/prefix`, or else a directory. Does not look whether it is there.
    pub fn new(address: &str, s3: &S3, telemetry: Arc<Telemetry>) -> Result<Self, PlaceError> {
        Ok(match address.strip_prefix(SCHEME) {
            Some(bucket) => Self::Bucket(Bucket::new(bucket, s3, telemetry)?),
            None => Self::Directory(Directory::new(address.into())),
        })
    }

    /// Keeps a backup under a name, and returns how many bytes it has. Dropped before its end, there is none.
    pub async fn keep(&self, name: &str, backup: Backup) -> Result<u64, PlaceError> {
        match self {
            Self::Directory(directory) => directory.keep(name, backup).await,
            Self::Bucket(bucket) => bucket.keep(name, backup).await,
        }
    }

    /// The names of what is kept, and of whatever else is there, with the bytes of each.
    pub async fn list(&self) -> Result<BTreeMap<String, u64>, PlaceError> {
        match self {
            Self::Directory(directory) => Ok(directory.list().await?),
            Self::Bucket(bucket) => Ok(bucket.list().await?),
        }
    }

    /// The bytes of a small object, if it is there.
    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, PlaceError> {
        match self {
            Self::Directory(directory) => Ok(directory.read(name).await?),
            Self::Bucket(bucket) => Ok(bucket.read(name).await?),
        }
    }

    /// Writes a small object, unless there is one of this name.
    async fn create(&self, name: &str, bytes: Vec<u8>) -> Result<(), PlaceError> {
        match self {
            Self::Directory(directory) => Ok(directory.create(name, &bytes).await?),
            Self::Bucket(bucket) => Ok(bucket.create(name, bytes).await?),
        }
    }

    /// Writes a small object over the one of this name.
    async fn replace(&self, name: &str, bytes: Vec<u8>) -> Result<(), PlaceError> {
        match self {
            Self::Directory(directory) => Ok(directory.replace(name, &bytes).await?),
            Self::Bucket(bucket) => Ok(bucket.replace(name, bytes).await?),
        }
    }

    /// A file with what is kept under a name: the one it is in, or a copy in `scratch`, a directory
    /// that is made for it.
    pub async fn file(&self, name: &str, scratch: &Path) -> Result<PathBuf, PlaceError> {
        match self {
            Self::Directory(directory) => Ok(directory.file(name)),
            Self::Bucket(bucket) => bucket.file(name, scratch).await,
        }
    }

    /// Keeps the one of this name no longer.
    pub async fn remove(&self, name: &str) -> Result<(), PlaceError> {
        match self {
            Self::Directory(directory) => Ok(directory.remove(name).await?),
            Self::Bucket(bucket) => Ok(bucket.remove(name).await?),
        }
    }
}
