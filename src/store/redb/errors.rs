//! Why a database could not be opened, and what redb's errors mean to a caller of the store.

use std::io;
use std::path::PathBuf;

use redb::{CommitError, DatabaseError, StorageError, TableError, TransactionError};
use thiserror::Error;

use crate::store::StoreError;

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
        cause: String,
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
    /// Anything else, such as a full disk.
    #[error("{} can't be opened: {cause}", path.display())]
    Other {
        /// The database file.
        path: PathBuf,
        /// What went wrong.
        cause: String,
    },
}

impl OpenError {
    /// What redb's refusal to open `path` means.
    pub(super) fn of(path: PathBuf, error: DatabaseError) -> Self {
        match error {
            DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => Self::Locked { path },
            DatabaseError::Storage(StorageError::Corrupted(cause)) => Self::Corrupt { path, cause },
            DatabaseError::Storage(StorageError::Io(error))
                if matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) =>
            {
                Self::Corrupt { path, cause: error.to_string() }
            }
            DatabaseError::UpgradeRequired(format) => {
                Self::Corrupt { path, cause: format!("its file format, {format}, is too old") }
            }
            other => Self::Other { path, cause: other.to_string() },
        }
    }
}

/// Every failure of redb makes the store unavailable to the one who asked.
macro_rules! unavailable {
    ($($error:ty),+ $(,)?) => {$(
        impl From<$error> for StoreError {
            fn from(error: $error) -> Self {
                Self::Unavailable(error.to_string())
            }
        }
    )+};
}

unavailable!(CommitError, DatabaseError, StorageError, TableError, TransactionError);
