//! Figures for those who watch the store: see [`StoreFigures`].

use crate::domain::LogPosition;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::change_log::last_seq;
use super::{Location, RedbStore};
use crate::store::StoreFigures;

impl RedbStore {
    /// See [`crate::store::Store::figures`]. Makes the writer come round, so that what it knows is fresh at the next look.
    pub(super) fn measure(&self) -> StoreFigures {
        let nudged = self.writer.nudged_for();
        let depth = self.writer.depth();
        self.writer.nudge();
        let file = self.file();
        let (readers, oldest_reader) = self.published.held();
        StoreFigures {
            file_bytes: file.as_ref().and_then(|path| std::fs::metadata(path).ok()).map(|file| file.len()),
            free_bytes: file.and_then(|path| rustix::fs::statvfs(&path).ok()).map(|disk| disk.f_bavail * disk.f_frsize),
            cache: self.published.cache.load().as_deref().copied().unwrap_or_default(),
            // A nudge is no write.
            queue_depth: depth.unwrap_or_default().saturating_sub(usize::from(nudged.is_some())),
            queue_capacity: self.writer.capacity(),
            readers,
            writing: self.published.writing.load(Ordering::Relaxed),
            oldest_reader,
            newest_change: self
                .snapshot()
                .and_then(|snapshot| last_seq(snapshot.changes()?))
                .ok()
                .map(LogPosition::of_entry),
            writable: depth.is_some() && self.published.broken.load().is_none() && !self.is_stuck(nudged, depth),
        }
    }

    /// Whether the writer was asked to come round, or has a full queue, and has not come round for as long as it may take.
    /// One that is at rest, and was not asked before, is not late.
    fn is_stuck(&self, nudged: Option<Duration>, depth: Option<usize>) -> bool {
        let deadline = self.limits.writer_deadline;
        let is_late = self.published.round.borrow().is_none_or(|at| at.elapsed() > deadline);
        let is_full = depth == Some(self.writer.capacity());
        is_late && (is_full || nudged.is_some_and(|waited| waited > deadline))
    }

    fn file(&self) -> Option<PathBuf> {
        match &self.location {
            Location::Directory(_) => Some(self.location.path()),
            Location::Memory => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::{Actor, ChangeKind, Stamp, Timestamp, UserId};
    use crate::store::NoObserver;
    use crate::store::engine::{Engine as _, Name, Scope};
    use crate::store::redb::Options;

    #[tokio::test]
    async fn a_read_that_holds_on_to_the_past_is_seen() {
        let options = Options {
            location: Location::Memory,
            cache_bytes: 1 << 20,
            queue: 8,
            group_max: 8,
            min_free_bytes: 0,
            quotas: crate::domain::SharedQuotas::default(),
            read_only: crate::store::ReadOnly::default(),
            entropy: Arc::new(crate::domain::SystemEntropy),
            backup_before_upgrade: false,
            on_repair: Arc::new(|_| {}),
        };
        let store = RedbStore::open(options, Arc::new(NoObserver)).unwrap();
        let held = store.snapshot().unwrap();
        let figures = store.measure();
        assert_eq!((figures.readers, figures.oldest_reader), (1, Duration::ZERO), "the present holds nothing up");

        let stamp = Stamp::new(Timestamp::UNIX_EPOCH, Actor::default());
        let user = UserId::from_bytes([0; 16]);
        let written = store
            .write(Name::new("insert", "changes"), stamp, move |tx| {
                tx.log(Scope::User(user), ChangeKind::UserRegistered(user));
                Ok(())
            })
            .await;
        written.unwrap();
        let figures = store.measure();
        assert_eq!(figures.readers, 1);
        assert!(!figures.oldest_reader.is_zero());

        drop(held);
        let figures = store.measure();
        assert_eq!((figures.readers, figures.oldest_reader), (0, Duration::ZERO));
    }
}
