//! Who has how many of the connections there may be. While there are plenty, anybody; when half of them are taken, nobody
//! more than an eighth from one address, so that no single one keeps everyone else out. And a few more than there may be,
//! for probes and scrapes: of these the oldest goes when another comes.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::domain::Network;

/// Part of the seats from which on addresses have shares.
const PLENTY: usize = 2;
/// The part of the seats that an address may then have.
const SHARE: usize = 8;
/// Fewer than this are nobody's unfair share: a browser alone has six.
const LEAST_SHARE: usize = 16;
/// Connections beyond those there may be.
const SPARE: usize = 64;

/// The seats of a listener.
pub(super) struct Seats {
    max: usize,
    free: Arc<Semaphore>,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    next: u64,
    /// Those of each address, oldest first.
    by_address: HashMap<Network, Row>,
    /// The addresses with more than their share: fewer than there are shares.
    greedy: HashSet<Network>,
    /// Those beyond the seats.
    spare: Row,
}

/// Connections by number, oldest first. Those that were asked to close are not among them.
type Row = BTreeMap<u64, Arc<Connection>>;

/// Closes up to `count` idle connections, the oldest first. Returns how many.
fn shed(row: &mut Row, count: usize) -> usize {
    let idle: Vec<u64> =
        row.iter().filter(|(_, it)| it.close_if_idle()).take(count).map(|(number, _)| *number).collect();
    idle.iter().for_each(|number| drop(row.remove(number)));
    idle.len()
}

impl Taken {
    fn insert(&mut self, address: Network, number: u64, connection: Arc<Connection>, share: usize) {
        let row = self.by_address.entry(address).or_default();
        row.insert(number, connection);
        if row.len() > share {
            self.greedy.insert(address);
        }
    }

    fn remove(&mut self, address: Network, number: u64, share: usize) {
        let Some(row) = self.by_address.get_mut(&address) else { return };
        row.remove(&number);
        if row.len() <= share {
            self.greedy.remove(&address);
        }
        if row.is_empty() {
            self.by_address.remove(&address);
        }
    }

    /// Brings every address back to its share, as far as its connections are idle.
    fn share_out(&mut self, share: usize) {
        let by_address = &mut self.by_address;
        self.greedy.retain(|address| {
            let Some(row) = by_address.get_mut(address) else { return false };
            let excess = row.len().saturating_sub(share);
            shed(row, excess) < excess
        });
    }
}

/// A connection, as others see it.
#[derive(Default)]
struct Connection {
    /// Requests that it serves, or `CLOSING`.
    requests: AtomicUsize,
    closing: Notify,
}

const CLOSING: usize = usize::MAX;

impl Connection {
    /// Ends it, unless it serves a request.
    fn close_if_idle(&self) -> bool {
        let is_idle = self.requests.compare_exchange(0, CLOSING, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if is_idle {
            self.closing.notify_one();
        }
        is_idle
    }
}

/// A request that a connection serves.
pub(super) struct Busy(Arc<Connection>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The place of one connection.
pub(super) struct Seat {
    seats: Arc<Seats>,
    number: u64,
    /// None for those whom shares don't bind.
    address: Option<Network>,
    connection: Arc<Connection>,
    /// The seat itself; a spare connection has none before one is free.
    permit: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Seats {
    pub(super) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max, free: Arc::new(Semaphore::new(max)), taken: Mutex::default() })
    }

    /// A place for a connection from this address, none if it has had its share and is busy with all of it, or if there
    /// is none at all.
    pub(super) fn take(self: &Arc<Self>, address: Option<Network>) -> Option<Seat> {
        let permit = self.free.clone().try_acquire_owned().ok();
        let mut taken = self.lock();
        let share = self.share();
        if self.free.available_permits() < self.max - self.max / PLENTY {
            taken.share_out(share);
            let row = address.and_then(|address| taken.by_address.get_mut(&address));
            if row.is_some_and(|row| row.len() >= share && shed(row, 1) == 0) {
                return None;
            }
        }
        if permit.is_none() && taken.spare.len() >= SPARE && shed(&mut taken.spare, 1) == 0 {
            return None;
        }
        let number = taken.next;
        taken.next += 1;
        let connection = Arc::new(Connection::default());
        if permit.is_none() {
            taken.spare.insert(number, connection.clone());
        }
        if let Some(address) = address {
            taken.insert(address, number, connection.clone(), share);
        }
        drop(taken);
        Some(Seat { seats: self.clone(), number, address, connection, permit: Mutex::new(permit) })
    }

    /// How many an address may have when seats are scarce.
    fn share(&self) -> usize {
        (self.max / SHARE).max(LEAST_SHARE)
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Whether it is one of those there may be.
    pub(super) fn is_regular(&self) -> bool {
        self.permit.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Waits for a seat of those there may be.
    pub(super) async fn become_regular(&self) {
        // The semaphore is never closed.
        if let Ok(permit) = self.seats.free.clone().acquire_owned().await {
            *self.permit.lock().unwrap_or_else(PoisonError::into_inner) = Some(permit);
            self.seats.lock().spare.remove(&self.number);
        }
    }

    /// Resolves when the connection must go because others come.
    pub(super) async fn closing(&self) {
        self.connection.closing.notified().await;
    }

    /// Begins a request, unless the connection has been asked to close.
    pub(super) fn begin(&self) -> Option<Busy> {
        let begun = self
            .connection
            .requests
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |requests| (requests != CLOSING).then(|| requests + 1));
        begun.ok().map(|_| Busy(self.connection.clone()))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.lock();
        taken.spare.remove(&self.number);
        if let Some(address) = self.address {
            taken.remove(address, self.number, self.seats.share());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u8) -> Option<Network> {
        Some(Network::of([192, 0, 2, number].into()))
    }

    #[test]
    fn s48_one_address_has_an_eighth_at_most_once_half_is_taken() {
        let seats = Seats::new(256);
        let mut greedy: Vec<Seat> = (0..128).map(|_| seats.take(address(1)).expect("plenty")).collect();
        let busy: Vec<Busy> = greedy.iter().map(|seat| seat.begin().expect("it was not asked to close")).collect();
        assert!(seats.take(address(1)).is_none(), "more than its share, and all of it at work");
        assert!(seats.take(None).is_some(), "a proxy");
        drop(busy);
        let other = seats.take(address(2)).expect("a seat");
        let told_to_go = greedy.iter().map(|seat| seat.begin().is_none());
        assert!(told_to_go.eq((0..128).map(|number| number < 96)), "the oldest, down to its share");
        greedy.push(seats.take(address(1)).expect("in the place of the next"));
        assert!(greedy[96].begin().is_none() && greedy[97].begin().is_some());
        drop((greedy, other));
        assert!((0..256).map(|_| seats.take(address(1))).all(|seat| seat.is_some()));
        let taken = seats.lock();
        assert!(taken.by_address.is_empty() && taken.greedy.is_empty() && taken.spare.is_empty(), "something is left");
    }

    #[tokio::test]
    async fn s48_beyond_all_seats_the_oldest_makes_way() {
        let seats = Seats::new(16);
        let mut regular: Vec<Seat> = (0..16).map(|number| seats.take(address(number)).expect("a seat")).collect();
        let spare: Vec<Seat> = (0..SPARE).map(|_| seats.take(None).expect("a spare one")).collect();
        assert!(regular.iter().all(Seat::is_regular) && !spare.iter().any(Seat::is_regular));
        let busy = spare[0].begin().expect("it was not asked to close");
        let probe = seats.take(None).expect("in the place of the second");
        assert!(spare[1].begin().is_none() && spare[2].begin().is_some());
        regular.pop();
        probe.become_regular().await;
        assert!(probe.is_regular());
        drop(busy);
    }
}
