//! What waits for the writer thread: so many intents at most, and of no account more than a share. Accounts take turns, so that
//! a write waits for one of each of the others, however many they have sent.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::job::Job;
use crate::domain::Party;
use crate::round_robin::RoundRobin;
use crate::store::{StoreError, StoreResult};

/// The part of the queue that one account may have.
const SHARE: usize = 2;

/// The queue. Who waits for what is in it is answered when it is dropped, too.
pub(super) struct Queue {
    capacity: usize,
    state: Mutex<State>,
    /// There is something to take, or there will never be.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// None owns what the server does by itself.
    jobs: RoundRobin<Option<Party>, Box<dyn Job>>,
    is_closed: bool,
}

impl Queue {
    /// An empty one for `capacity` intents, at least one.
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), state: Mutex::default(), changed: Condvar::new() }
    }

    /// Adds an intent. [`StoreError::Overloaded`] when there is no room for it, or its party has its share in there.
    pub fn push(&self, party: Option<Party>, job: Box<dyn Job>) -> StoreResult<()> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(closed());
        }
        let share = (self.capacity / SHARE).max(1);
        let has_share = party.is_some() && state.jobs.len_of(&party) >= share;
        if has_share || state.jobs.len() >= self.capacity {
            return Err(StoreError::Overloaded);
        }
        state.jobs.push(party, job);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Waits for intents and takes up to `most` of them. None when it is closed and empty.
    pub fn take(&self, most: usize) -> Option<Vec<Box<dyn Job>>> {
        let is_waiting = |state: &mut State| state.jobs.is_empty() && !state.is_closed;
        let waited = self.changed.wait_while(self.lock(), is_waiting);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        let jobs: Vec<_> = std::iter::from_fn(|| state.jobs.pop()).take(most.max(1)).collect();
        (!jobs.is_empty()).then_some(jobs)
    }

    /// Takes nothing more in; what is there is still to be taken.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// Takes nothing more in, and lets go of what is there.
    pub fn abandon(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        let jobs = std::mem::take(&mut state.jobs);
        drop(state);
        drop(jobs);
    }

    /// How many wait; `None` when it is closed.
    pub fn depth(&self) -> Option<usize> {
        let state = self.lock();
        (!state.is_closed).then(|| state.jobs.len())
    }

    /// How many may wait.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why nothing is taken in any more.
pub(super) fn closed() -> StoreError {
    StoreError::unavailable("the database is closed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::UserId;
    use crate::store::redb::job::Commit;
    use crate::store::redb::transaction::Tables;

    /// A job that is known by how it answers whether it is urgent.
    struct Known(bool);

    impl Job for Known {
        fn is_urgent(&self) -> bool {
            self.0
        }

        fn run(&mut self, _tables: &mut Tables<'_>) -> StoreResult<()> {
            Ok(())
        }

        fn answer(self: Box<Self>, _group: &StoreResult<Option<Commit>>) {}
    }

    fn account(number: u8) -> Option<Party> {
        Some(Party::Account(UserId::from_bytes([number; 16])))
    }

    #[test]
    fn s50_a_write_waits_for_one_of_each_of_the_others() {
        let queue = Queue::new(8);
        for _ in 0..4 {
            queue.push(account(1), Box::new(Known(false))).unwrap();
        }
        assert_eq!(queue.push(account(1), Box::new(Known(false))), Err(StoreError::Overloaded), "it has its share");
        queue.push(account(2), Box::new(Known(true))).unwrap();
        let taken = queue.take(2).unwrap();
        assert_eq!(taken.iter().map(|job| job.is_urgent()).collect::<Vec<_>>(), [false, true]);
        assert_eq!(queue.depth(), Some(3));
    }

    #[test]
    fn what_the_server_does_by_itself_has_no_share_but_what_there_is() {
        let queue = Queue::new(2);
        for _ in 0..2 {
            queue.push(None, Box::new(Known(false))).unwrap();
        }
        assert_eq!(queue.push(None, Box::new(Known(false))), Err(StoreError::Overloaded));
        assert_eq!(queue.push(account(1), Box::new(Known(false))), Err(StoreError::Overloaded));
    }

    #[test]
    fn what_is_there_is_taken_after_it_is_closed() {
        let queue = Queue::new(2);
        queue.push(account(1), Box::new(Known(false))).unwrap();
        queue.close();
        assert!(queue.push(account(2), Box::new(Known(false))).is_err());
        assert_eq!(queue.depth(), None);
        assert_eq!(queue.take(8).map(|jobs| jobs.len()), Some(1));
        assert!(queue.take(8).is_none());
    }
}
