//! Why a database could not be opened, and what redb's errors mean to a caller of the store.

use std::io;
use std::path::{Path, PathBuf};

use redb::{CommitError, DatabaseError, StorageError, TableError, TransactionError};
use thiserror::Error;

use crate::store::{Cause, StoreError};

/// Why a database could not be opened, and what to do about it. One line each.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The directory can't be created, or nothing can be written in it.
    #[error("the data directory {} can't be written ({source}): give it to the user that runs ghostworks, or choose another", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process, or another store in this one, has it open.
    #[error("{} is in use by another ghostworks: stop that one, or choose another data directory", path.display())]
    Locked {
        /// The database file.
        path: PathBuf,
    },
    /// The file was not written by ghostworks, or is damaged.
    #[error("{} is not a ghostworks database, or is damaged ({cause}): move it away, or put a backup in its place", path.display())]
    Corrupt {
        /// The database file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        cause: Cause,
    },
    /// The file was written by a later version. It was left as it is.
    #[error("{} was written by a newer ghostworks (its schema is {found}, this one knows {known}): run that version", path.display())]
    Newer {
        /// The database file.
        path: PathBuf,
        /// The file's schema version.
        found: u32,
        /// The latest schema version that this program knows.
        known: u32,
    },
    /// The file was written by an earlier version, and was left as it is.
    #[error("{} was written by an older ghostworks (its schema is {found}, this one has {known}): start the server once, which brings it up to date", path.display())]
    Older {
        /// The database file.
        path: PathBuf,
        /// The file's schema version.
        found: u32,
        /// The schema version of this program.
        known: u32,
    },
    /// The disk has no room for the backup before an upgrade. The database was left as it is.
    #[error("{} has to be written before the database is brought up to date, and the disk has {free} MiB free, where it takes {needed} MiB with storage.min_free_bytes: make room, or back it up elsewhere (`ghostworks backup`) and set storage.backup_before_upgrade = false", path.display())]
    NoRoomForBackup {
        /// The backup.
        path: PathBuf,
        /// MiB that must be free.
        needed: u64,
        /// MiB that are.
        free: u64,
    },
    /// The backup before an upgrade failed. The database was left as it is.
    #[error("{} can't be written, without which the database is not brought up to date: {cause}; or back it up elsewhere (`ghostworks backup`) and set storage.backup_before_upgrade = false", path.display())]
    NotBackedUp {
        /// The backup.
        path: PathBuf,
        /// What went wrong.
        #[source]
        cause: Cause,
    },
    /// The disk has no room for it.
    #[error("there is no room on the disk of {}: make some, or choose another data directory", path.display())]
    Full {
        /// The database file, or its directory.
        path: PathBuf,
    },
    /// Anything else.
    #[error("{} can't be opened: {cause}", path.display())]
    Other {
        /// The database file.
        path: PathBuf,
        /// What went wrong.
        #[source]
        cause: Cause,
    },
}

impl OpenError {
    /// What redb's refusal to open `path` means.
    pub(super) fn of(path: PathBuf, error: DatabaseError) -> Self {
        match error {
            DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => Self::Locked { path },
            DatabaseError::Storage(StorageError::Corrupted(cause)) => Self::Corrupt { path, cause: Cause::new(cause) },
            DatabaseError::Storage(StorageError::Io(error))
                if matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) =>
            {
                Self::Corrupt { path, cause: Cause::new(error) }
            }
            DatabaseError::Storage(StorageError::Io(error)) if is_full(&error) => Self::Full { path },
            DatabaseError::UpgradeRequired(format) => {
                Self::Corrupt { path, cause: Cause::new(format!("its file format, {format}, is too old")) }
            }
            other => Self::Other { path, cause: Cause::new(other) },
        }
    }

    /// What it means that the directory can't be used.
    pub(super) fn of_directory(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        if is_full(&source) { Self::Full { path } } else { Self::Directory { path, source } }
    }

    /// What it means that a database that could be opened can't be worked with.
    pub(super) fn after_opening(path: PathBuf, error: &StoreError) -> Self {
        match error {
            StoreError::StorageFull(_) => Self::Full { path },
            other => Self::Other { path, cause: Cause::new(other.clone()) },
        }
    }
}

/// Whether the disk, or what its user may take of it, is used up.
fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

impl From<StorageError> for StoreError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Io(cause) if is_full(&cause) => Self::StorageFull(Cause::new(cause)),
            other => Self::unavailable(other),
        }
    }
}

/// Every failure of redb makes the store unavailable to the one who asked.
macro_rules! unavailable {
    ($($error:ident),+ $(,)?) => {$(
        impl From<$error> for StoreError {
            fn from(error: $error) -> Self {
                match error {
                    $error::Storage(cause) => cause.into(),
                    other => Self::unavailable(other),
                }
            }
        }
    )+};
}

unavailable!(CommitError, DatabaseError, TableError, TransactionError);
