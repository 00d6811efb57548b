//! Looks at the disk before writes go to it: they are refused while there is still room for what must be written, such
//! as the repair of the file, and never go to a file that was removed or replaced, which nobody would find again.
//!
//! After a failure, it tries whether the disk takes writes at all before the database is given up to be opened again: until
//! then, reads go on with what redb has in memory.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::open::{Location, Options};
use super::reserve::{Reserve, Room};
use crate::store::{Cause, StoreError, StoreResult};

/// The disk that a database is on.
pub(super) trait Disk: Send {
    /// How much room there is; an error when no writes should be tried.
    fn look(&self) -> StoreResult<Room>;

    /// Refuses when it takes no writes.
    fn try_writing(&self) -> StoreResult<()>;
}

/// Remembers for a moment what the last look found, so that a commit costs none as a rule.
pub(super) struct Guard {
    disk: Box<dyn Disk>,
    pause: Duration,
    found: Option<(Instant, StoreResult<Room>)>,
}

impl Guard {
    /// Looks at most once every `pause`.
    pub fn new(disk: Box<dyn Disk>, pause: Duration) -> Self {
        Self { disk, pause, found: None }
    }

    /// Watches the file that was just opened.
    pub fn of(options: &Options, pause: Duration) -> io::Result<Self> {
        let Location::Directory(_) = &options.location else { return Ok(Self::new(Box::new(Memory), pause)) };
        let path = options.location.path();
        let reserve = Reserve::beside(&path, options.min_free_bytes);
        let file = File { id: identity(&path)?, path, reserve };
        Ok(Self::new(Box::new(file), pause))
    }

    /// What was found no longer counts: a write has failed since.
    pub fn forget(&mut self) {
        self.found = None;
    }

    /// How much room there is; an error when no writes should be tried.
    pub fn check(&mut self) -> StoreResult<Room> {
        match &self.found {
            Some((at, found)) if at.elapsed() < self.pause => found.clone(),
            _ => {
                let found = self.disk.look();
                self.found = Some((Instant::now(), found.clone()));
                found
            }
        }
    }

    /// Refuses when the disk takes no writes.
    pub fn try_writing(&self) -> StoreResult<()> {
        self.disk.try_writing()
    }
}

/// No disk.
struct Memory;

impl Disk for Memory {
    fn look(&self) -> StoreResult<Room> {
        Ok(Room::Enough)
    }

    fn try_writing(&self) -> StoreResult<()> {
        Ok(())
    }
}

/// The file of a database.
struct File {
    path: PathBuf,
    id: (u64, u64),
    reserve: Reserve,
}

/// What is tried to write, in bytes: a page.
const TRIED: [u8; 4096] = [0; 4096];

impl Disk for File {
    fn look(&self) -> StoreResult<Room> {
        match identity(&self.path) {
            Ok(found) if found == self.id => {}
            Ok(_) => {
                return Err(self.unavailable("another file was put in its place; restart to use that one"));
            }
            Err(error) => return Err(self.unavailable(&format!("the file can't be found ({error}); put it back"))),
        }
        self.reserve.room()
    }

    fn try_writing(&self) -> StoreResult<()> {
        let beside = self.path.with_extension("redb.trying");
        let tried = write_beside(&beside);
        // What was tried is more worth reporting than that something was left behind.
        drop(fs::remove_file(&beside));
        tried.map_err(|error| redb::StorageError::Io(error).into())
    }
}

impl File {
    fn unavailable(&self, cause: &str) -> StoreError {
        StoreError::Unavailable(Cause::at(&self.path, cause))
    }
}

/// Writes a file in the way that redb writes its own.
fn write_beside(path: &Path) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all_at(&TRIED, 0)?;
    file.sync_data()
}

/// What identifies a file: its device and its number there.
fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::metadata(path).map(|file| (file.dev(), file.ino()))
}
