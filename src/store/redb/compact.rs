//! Giving room back: redb keeps the pages that were freed for later, in a file that never shrinks by itself.

use std::fs;
use std::io;

use redb::CompactionError;
use thiserror::Error;

use super::errors::OpenError;
use super::open::{self, Options};

/// Why a database was not compacted; it is as it was. One line each.
#[derive(Debug, Error)]
pub enum CompactError {
    /// The database can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its file can't be read.
    #[error("the database's file: {0}")]
    File(#[from] io::Error),
    /// The database failed on the way.
    #[error("the database was not compacted: {0}")]
    Failed(#[from] CompactionError),
}

/// The size of a database's file, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Before.
    pub before: u64,
    /// After.
    pub after: u64,
}

/// Makes the file of a database that nobody else has open as small as it can be.
pub fn compact(options: &Options) -> Result<Compacted, CompactError> {
    let path = options.location.path();
    let mut database = open::open_current(options)?;
    let before = fs::metadata(&path)?.len();
    database.compact()?;
    drop(database);
    Ok(Compacted { before, after: fs::metadata(&path)?.len() })
}
