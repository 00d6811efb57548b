//! Why a backup was not made, or nothing was made from one.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::format::Content;
use crate::store::StoreError;

/// Why a backup was not made, or nothing was made from one. One line each.
#[derive(Debug, Error)]
pub enum BackupError {
    /// The database failed while it was read or written.
    #[error("the database failed: {0}")]
    Database(#[from] StoreError),
    /// The backup can't be written or read, or is damaged.
    #[error("the backup: {0}")]
    Backup(#[from] io::Error),
    /// A backup, or changes, can't be read, or don't fit what they are to change.
    #[error("the {content} {}: {source}", path.display())]
    Kept {
        /// What it is.
        content: &'static str,
        /// Its file.
        path: PathBuf,
        /// What is wrong.
        source: Box<dyn Error + Send + Sync>,
    },
    /// It was written by a later version.
    #[error("it was written by a newer ghostworks (its schema is {found}, this one knows {known}): run that version")]
    Newer {
        /// Its schema version.
        found: u32,
        /// The latest schema version that this program knows.
        known: u32,
    },
    /// Changes begin later than what was restored so far ends.
    #[error("the changes {from} to {to} are missing")]
    Gap {
        /// The first that is missing.
        from: u64,
        /// The last.
        to: u64,
    },
    /// Changes are those of another database.
    #[error("it has the changes of another database, or of this one after it was restored to an earlier moment")]
    AnotherHistory,
}

impl BackupError {
    /// The same, with the name of the file that it is about.
    pub(super) fn in_file(self, content: Content, file: &Path) -> Self {
        let source: Box<dyn Error + Send + Sync> = match self {
            Self::Backup(error) => error.into(),
            other => other.into(),
        };
        Self::Kept { content: content.name(), path: file.to_owned(), source }
    }
}
