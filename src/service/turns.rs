//! Turns at something of which only so much can be done at once. Who waits is queued by workspace, and each workspace has its
//! turn after the others', so that one that asks for much does not keep the rest waiting.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::domain::TenantId;
use crate::round_robin::RoundRobin;

/// How many may wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct QueueLimits {
    /// In all.
    pub waiting: usize,
    /// Of one workspace.
    pub waiting_of_one: usize,
}

/// Gives turns out.
pub(super) struct Turns {
    queue: Arc<Mutex<Queue>>,
    limits: QueueLimits,
}

/// A turn, until it is dropped.
pub(super) struct Turn(Arc<Mutex<Queue>>);

/// There are too many waiting already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct QueueFull;

#[derive(Default)]
struct Queue {
    /// How many turns nobody has.
    free: usize,
    /// Who waits, those included that have given up since.
    waiting: RoundRobin<TenantId, oneshot::Sender<Turn>>,
}

impl Turns {
    /// As many turns at once.
    pub(super) fn new(at_once: usize, limits: QueueLimits) -> Self {
        let queue = Queue { free: at_once, ..Queue::default() };
        Self { queue: Arc::new(Mutex::new(queue)), limits }
    }

    /// Resolves when it is this one's turn. Who drops the future leaves the queue.
    pub(super) async fn take(&self, tenant: TenantId) -> Result<Turn, QueueFull> {
        let turn = self.enqueue(tenant)?;
        // A turn is only ever lost with the queue.
        turn.await.map_err(|_| QueueFull)
    }

    fn enqueue(&self, tenant: TenantId) -> Result<oneshot::Receiver<Turn>, QueueFull> {
        let (give, turn) = oneshot::channel();
        let mut queue = lock(&self.queue);
        if queue.free == 0 && self.is_full(&mut queue, tenant) {
            return Err(QueueFull);
        }
        queue.waiting.push(tenant, give);
        let next = if queue.free > 0 { queue.next() } else { None };
        if let Some(give) = next {
            queue.free -= 1;
            drop(queue);
            // Who is there no longer drops the turn, which goes on to the next.
            let _ = give.send(Turn(self.queue.clone()));
        }
        Ok(turn)
    }

    /// Whether nobody else of a workspace may wait. Those who have left make room.
    fn is_full(&self, queue: &mut Queue, tenant: TenantId) -> bool {
        let is_full = |queue: &Queue| {
            let waiting = &queue.waiting;
            waiting.len() >= self.limits.waiting || waiting.len_of(&tenant) >= self.limits.waiting_of_one
        };
        if is_full(queue) {
            queue.waiting.retain(|give| !give.is_closed());
        }
        is_full(queue)
    }
}

impl Queue {
    /// Who is next and still there.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        std::iter::from_fn(|| self.waiting.pop()).find(|give| !give.is_closed())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let next = {
            let mut queue = lock(&self.0);
            let next = queue.next();
            if next.is_none() {
                queue.free += 1;
            }
            next
        };
        if let Some(give) = next {
            // Who is there no longer drops the turn, which goes on to the next.
            let _ = give.send(Self(self.0.clone()));
        }
    }
}

fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: QueueLimits = QueueLimits { waiting: 6, waiting_of_one: 4 };

    fn tenant(byte: u8) -> TenantId {
        TenantId::from_bytes([byte; 16])
    }

    /// Which of those who wait has a turn now.
    fn whose(waiting: &mut [(u8, oneshot::Receiver<Turn>)]) -> Option<(u8, Turn)> {
        waiting.iter_mut().find_map(|(who, turn)| turn.try_recv().ok().map(|turn| (*who, turn)))
    }

    #[test]
    fn s50_workspaces_take_turns() {
        let turns = Turns::new(1, LIMITS);
        let mut turn = turns.enqueue(tenant(1)).expect("room").try_recv().ok();
        let mut waiting: Vec<_> =
            [1, 1, 1, 2, 3, 3].map(|who| (who, turns.enqueue(tenant(who)).expect("room"))).into_iter().collect();
        let mut order = Vec::new();
        for _ in 0..6 {
            assert!(whose(&mut waiting).is_none(), "only one at once");
            drop(turn);
            let (who, next) = whose(&mut waiting).expect("somebody's turn");
            order.push(who);
            turn = Some(next);
        }
        assert_eq!(order, [1, 2, 3, 1, 3, 1]);
    }

    #[test]
    fn the_queue_is_bounded_and_who_leaves_makes_room() {
        let turns = Turns::new(1, LIMITS);
        let turn = turns.enqueue(tenant(1)).expect("room").try_recv().expect("the only turn");
        let mut own: Vec<_> = (0..4).map(|_| (1, turns.enqueue(tenant(1)).expect("room"))).collect();
        assert_eq!(turns.enqueue(tenant(1)).err(), Some(QueueFull), "one workspace does not take the whole queue");
        let others = [2, 3].map(|who| turns.enqueue(tenant(who)).expect("room"));
        assert_eq!(turns.enqueue(tenant(4)).err(), Some(QueueFull));
        own.drain(..3);
        let mut newcomer = [(4, turns.enqueue(tenant(4)).expect("room again"))];
        drop(turn);
        let (_, turn) = whose(&mut own).expect("who has left is passed over");
        drop((turn, own, others));
        assert_eq!(whose(&mut newcomer).expect("a turn").0, 4);
    }

    #[test]
    fn a_turn_that_nobody_takes_is_given_to_the_next() {
        let turns = Turns::new(2, LIMITS);
        drop(turns.enqueue(tenant(1)));
        let held = [1, 2].map(|who| turns.enqueue(tenant(who)).expect("room").try_recv().expect("a turn"));
        let mut third = turns.enqueue(tenant(3)).expect("room");
        assert!(third.try_recv().is_err());
        drop(held);
        assert!(third.try_recv().is_ok());
    }
}
