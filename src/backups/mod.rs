//! Places that backups, and the changes since, are kept in: a directory, or a bucket of an S3-compatible service.
//!
//! A backup is there under its name when it is whole, and not before. When one is made, and which are kept, is up to
//! `service`.

mod bucket;
mod connector;
mod directory;
mod inventory;
mod name;
mod whole_file;

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
pub use self::name::{KeptBackup, KeptChanges};
pub use self::whole_file::WholeFile;

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

    /// The names of what is kept, and of whatever else is there.
    pub async fn names(&self) -> Result<Vec<String>, PlaceError> {
        match self {
            Self::Directory(directory) => Ok(directory.names().await?),
            Self::Bucket(bucket) => Ok(bucket.names().await?),
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
