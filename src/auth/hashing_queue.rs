//! Who is next to have a password hashed, when more want that than can at once. A flood from one address, or at one account,
//! makes the flood wait, not the others.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::domain::Network;

/// Who wants a password hashed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asker {
    /// The client's address.
    pub address: Option<Network>,
    /// A digest of the account's address, whether or not there is such an account.
    pub account: [u8; 32],
    /// Whether the account was signed in to from this address before.
    pub is_known: bool,
}

/// How busy the hashing is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HashingFigures {
    /// Hashes being made.
    pub running: usize,
    /// Callers that wait for theirs.
    pub waiting: usize,
}

/// The queue, and how many may hash at once.
#[derive(Clone)]
pub(super) struct HashingQueue(Arc<Mutex<State>>);

/// A turn at hashing, until it is dropped.
pub(super) struct Turn(HashingQueue);

/// No turn: the queue is full of askers that come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct QueueFull;

struct State {
    concurrency: usize,
    free: usize,
    limit: usize,
    arrived: u64,
    waiting: BTreeMap<Rank, Waiting>,
}

/// A place in the queue. The least is next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    is_stranger: bool,
    /// How many were waiting for the same account from the same address.
    behind_own: usize,
    /// How many were waiting from the same address.
    behind_neighbours: usize,
    number: u64,
}

struct Waiting {
    asker: Asker,
    give: oneshot::Sender<Turn>,
}

impl HashingQueue {
    /// How many turns there are at once, and how many may wait.
    pub(super) fn new(concurrency: usize, limit: usize) -> Self {
        let state = State { concurrency, free: concurrency, limit, arrived: 0, waiting: BTreeMap::new() };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Resolves when it is the asker's turn, or when others have taken its place. Who drops the future leaves the queue.
    pub(super) async fn take(&self, asker: Asker) -> Result<Turn, QueueFull> {
        let turn = self.enqueue(asker)?;
        turn.await.map_err(|_| QueueFull)
    }

    /// How busy it is.
    pub(super) fn figures(&self) -> HashingFigures {
        let state = self.lock();
        HashingFigures { running: state.concurrency - state.free, waiting: state.waiting.len() }
    }

    fn enqueue(&self, asker: Asker) -> Result<oneshot::Receiver<Turn>, QueueFull> {
        let (give, turn) = oneshot::channel();
        let mut state = self.lock();
        if state.free > 0 {
            state.free -= 1;
            drop(state);
            // It is there: it holds the other end.
            let _ = give.send(Turn(self.clone()));
            return Ok(turn);
        }
        state.waiting.retain(|_, waiting| !waiting.give.is_closed());
        let place = state.place(&asker);
        if state.waiting.len() >= state.limit {
            match state.waiting.last_entry() {
                Some(last) if place < *last.key() => drop(last.remove()),
                Some(_) | None => return Err(QueueFull),
            }
        }
        state.waiting.insert(place, Waiting { asker, give });
        Ok(turn)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn place(&mut self, asker: &Asker) -> Rank {
        self.arrived += 1;
        let neighbours = || self.waiting.values().filter(|waiting| waiting.asker.address == asker.address);
        Rank {
            is_stranger: !asker.is_known,
            behind_own: neighbours().filter(|waiting| waiting.asker.account == asker.account).count(),
            behind_neighbours: neighbours().count(),
            number: self.arrived,
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let next = {
            let mut state = self.0.lock();
            let mut waiting = std::iter::from_fn(|| state.waiting.pop_first());
            let next = waiting.find(|(_, waiting)| !waiting.give.is_closed());
            if next.is_none() {
                state.free += 1;
            }
            next
        };
        if let Some((_, waiting)) = next {
            // Who leaves at this moment drops the turn, which goes on to the next.
            let _ = waiting.give.send(Self(self.0.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asker(address: u8, account: u8, is_known: bool) -> Asker {
        Asker { address: Some(Network::of([192, 0, 2, address].into())), account: [account; 32], is_known }
    }

    /// The numbers of those who get turns, in order, when all of them wait at once.
    fn order(limit: usize, askers: &[Asker]) -> Vec<usize> {
        let queue = HashingQueue::new(1, limit);
        let mut held = queue.enqueue(Asker::default()).ok().and_then(|mut turn| turn.try_recv().ok());
        assert!(held.is_some());
        let mut waiting: Vec<_> = askers.iter().map(|asker| queue.enqueue(*asker).ok()).collect();
        let mut order = Vec::new();
        while held.take().is_some() {
            let next = waiting.iter_mut().position(|turn| {
                held = turn.as_mut().and_then(|turn| turn.try_recv().ok());
                held.is_some()
            });
            order.extend(next);
        }
        assert_eq!(queue.figures(), HashingFigures::default());
        order
    }

    #[test]
    fn s03_a_flood_waits_and_others_do_not_wait_for_it() {
        let flood = [asker(1, 1, false); 4];
        let [own, elsewhere, known] = [asker(1, 2, false), asker(2, 1, false), asker(1, 1, true)];
        assert_eq!(order(10, &[&flood[..], &[own, elsewhere, known]].concat()), [6, 0, 5, 4, 1, 2, 3]);
    }

    #[test]
    fn s03_in_a_full_queue_the_one_that_others_are_ahead_of_makes_way() {
        let flood = [asker(1, 1, false); 4];
        assert_eq!(order(4, &[&flood[..], &[asker(2, 1, false)]].concat()), [0, 4, 1, 2]);
        assert_eq!(order(2, &[asker(1, 1, false), asker(2, 1, false), asker(3, 1, false)]), [0, 1], "nobody is ahead");
        assert_eq!(order(1, &[asker(1, 1, false), asker(1, 1, true)]), [1]);
    }

    #[test]
    fn who_leaves_makes_way_for_the_next() {
        let queue = HashingQueue::new(1, 2);
        let held = queue.enqueue(Asker::default()).expect("a turn");
        let first = queue.enqueue(asker(1, 1, false)).expect("a place");
        let mut second = queue.enqueue(asker(2, 1, false)).expect("a place");
        drop(first);
        let third = queue.enqueue(asker(3, 1, false)).expect("the place of the first");
        drop(held);
        assert!(second.try_recv().is_ok());
        drop((second, third));
        assert_eq!(queue.figures(), HashingFigures::default());
    }
}
