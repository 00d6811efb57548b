//! Figures for those who watch the store: see [`StoreFigures`].

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use super::{Location, RedbStore};
use crate::store::StoreFigures;

impl RedbStore {
    /// See [`crate::store::Store::figures`]. Makes the writer come round, so that what it knows is fresh at the next look.
    pub(super) fn measure(&self) -> StoreFigures {
        let round = *self.published.round.borrow();
        let is_late = round.is_some_and(|at| at.elapsed() > self.limits.writer_deadline);
        let is_stuck = is_late && self.writer.is_nudged();
        let depth = self.writer.depth();
        self.writer.nudge();
        let file = self.file();
        let (readers, oldest_reader) = self.published.held();
        StoreFigures {
            file_bytes: file.as_ref().and_then(|path| std::fs::metadata(path).ok()).map(|file| file.len()),
            free_bytes: file.and_then(|path| rustix::fs::statvfs(&path).ok()).map(|disk| disk.f_bavail * disk.f_frsize),
            cache: self.published.cache.load().as_deref().copied().unwrap_or_default(),
            queue_depth: depth.unwrap_or_default(),
            queue_capacity: self.writer.capacity(),
            readers,
            writing: self.published.writing.load(Ordering::Relaxed),
            oldest_reader,
            writable: depth.is_some() && self.published.broken.load().is_none() && !is_stuck,
        }
    }

    fn file(&self) -> Option<PathBuf> {
        match &self.location {
            Location::Directory(_) => Some(self.location.path()),
            Location::Memory => None,
        }
    }
}
