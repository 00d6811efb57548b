//! Looks at the disk before writes go to it: they are refused while there is still room for what must be written, such
//! as the repair of the file, and never go to a file that was removed or replaced, which nobody would find again.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::open::{Location, Options};
use crate::store::{StoreError, StoreResult};

/// What a look at the disk finds.
pub(super) type Look = Box<dyn Fn() -> StoreResult<()> + Send>;

/// Remembers for a moment what the last look found, so that a commit costs none as a rule.
pub(super) struct Guard {
    look: Look,
    pause: Duration,
    found: Option<(Instant, StoreResult<()>)>,
}

impl Guard {
    /// Looks at most once every `pause`.
    pub fn new(look: Look, pause: Duration) -> Self {
        Self { look, pause, found: None }
    }

    /// Watches the file that was just opened.
    pub fn of(options: &Options, pause: Duration) -> io::Result<Self> {
        let Location::Directory(_) = &options.location else { return Ok(Self::new(Box::new(|| Ok(())), pause)) };
        let (path, min_free_bytes) = (options.location.path(), options.min_free_bytes);
        let file = identity(&path)?;
        Ok(Self::new(Box::new(move || look(&path, file, min_free_bytes)), pause))
    }

    /// What was found no longer counts: a write has failed since.
    pub fn forget(&mut self) {
        self.found = None;
    }

    /// Refuses when writes should not be tried.
    pub fn check(&mut self) -> StoreResult<()> {
        match &self.found {
            Some((at, found)) if at.elapsed() < self.pause => found.clone(),
            _ => {
                let found = (self.look)();
                self.found = Some((Instant::now(), found.clone()));
                found
            }
        }
    }
}

fn look(path: &PathBuf, file: (u64, u64), min_free_bytes: u64) -> StoreResult<()> {
    let unavailable = |cause: String| StoreError::Unavailable(format!("{}: {cause}", path.display()));
    match identity(path) {
        Ok(found) if found == file => {}
        Ok(_) => return Err(unavailable("another file was put in its place; restart to use that one".to_owned())),
        Err(error) => return Err(unavailable(format!("the file can't be found ({error}); put it back"))),
    }
    let disk = rustix::fs::statvfs(path).map_err(|error| unavailable(error.to_string()))?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free < min_free_bytes {
        let cause = format!("{free} bytes are left, and storage.min_free_bytes ({min_free_bytes}) must stay free");
        return Err(StoreError::StorageFull(cause));
    }
    Ok(())
}

/// What tells a file from any other: where it is, and which one it is there.
fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::metadata(path).map(|file| (file.dev(), file.ino()))
}
