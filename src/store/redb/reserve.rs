//! Space on the disk that is kept for what makes room and what keeps people signed in: a file without content that takes it, and
//! that is removed when the disk is full.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate, statvfs};

use crate::store::{Cause, StoreError, StoreResult};

/// The file, beside the database.
const FILE: &str = "reserve";
/// How much it takes, in bytes.
const BYTES: u64 = 8 << 20;
/// With less than this nothing is tried, for it would only fail half-way.
const LEAST: u64 = 1 << 20;

/// How much room there is for writes.
#[derive(Clone, Debug)]
pub(super) enum Room {
    /// Enough for all of them.
    Enough,
    /// Enough for urgent ones alone; why others are refused.
    Reserved(StoreError),
}

/// The space that is kept.
pub(super) struct Reserve {
    path: PathBuf,
    min_free_bytes: u64,
}

impl Reserve {
    /// Beside this database, on a disk on which `min_free_bytes` must stay free.
    pub(super) fn beside(database: &Path, min_free_bytes: u64) -> Self {
        Self { path: database.with_file_name(FILE), min_free_bytes }
    }

    /// How much room there is. Takes the space when there is plenty, and gives it away when the disk is full.
    pub(super) fn room(&self) -> StoreResult<Room> {
        self.look().map_err(|error| StoreError::Unavailable(Cause::at(&self.path, error)))?
    }

    fn look(&self) -> io::Result<StoreResult<Room>> {
        let needed = self.min_free_bytes.max(LEAST);
        let mut free = self.free()?;
        if !self.is_kept() && free >= needed.saturating_add(BYTES) {
            // Where space can't be taken in advance there is no reserve, and the file stays away.
            let _ = self.take();
            free = self.free()?;
        }
        if free >= needed && (self.is_kept() || free >= needed.saturating_add(BYTES)) {
            return Ok(Ok(Room::Enough));
        }
        let cause =
            format!("{free} bytes are left, and storage.min_free_bytes ({}) must stay free", self.min_free_bytes);
        if free < LEAST && self.path.exists() {
            fs::remove_file(&self.path)?;
            free = self.free()?;
        }
        let full = StoreError::StorageFull(Cause::new(cause));
        Ok(if free < LEAST { Err(full) } else { Ok(Room::Reserved(full)) })
    }

    /// Whether the space is taken: a file that was cut short takes none.
    fn is_kept(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|file| file.len() == BYTES)
    }

    fn free(&self) -> io::Result<u64> {
        let disk = statvfs(self.path.parent().unwrap_or(&self.path))?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    fn take(&self) -> io::Result<()> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&self.path)?;
        fallocate(&file, FallocateFlags::empty(), 0, BYTES).map_err(|error| {
            let _ = fs::remove_file(&self.path);
            error.into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_cut_short_is_made_again() {
        let directory = tempfile::tempdir().unwrap();
        let reserve = Reserve::beside(&directory.path().join("ghostworks.redb"), 0);
        fs::write(directory.path().join(FILE), "short").unwrap();
        assert!(matches!(reserve.room(), Ok(Room::Enough)));
        assert_eq!(fs::metadata(directory.path().join(FILE)).unwrap().len(), BYTES);
    }
}
