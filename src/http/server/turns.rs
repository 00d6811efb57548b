//! Whose turn it is on a connection of HTTP/2: it must bring a request in time, not rest for too long, and take the answers
//! it asked for. hyper has a timeout for none of these.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// How often it is checked, at most.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What happens on a connection.
#[derive(Clone)]
pub(super) struct Turns(Arc<State>);

struct State {
    started: Instant,
    /// Requests so far.
    begun: AtomicUsize,
    /// Requests that were not answered.
    open: AtomicUsize,
    /// Answers that wait for the client to take more of them.
    untaken: AtomicUsize,
    /// When something was last asked for, answered or taken, in milliseconds since the start.
    moved: AtomicU64,
}

impl Turns {
    pub(super) fn new() -> Self {
        Self(Arc::new(State {
            started: Instant::now(),
            begun: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            untaken: AtomicUsize::new(0),
            moved: AtomicU64::new(0),
        }))
    }

    /// A request has come.
    pub(super) fn begin(&self) -> Request {
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        self.0.open.fetch_add(1, Ordering::Relaxed);
        self.moved();
        Request { turns: self.clone(), is_untaken: false }
    }

    /// Resolves when the client has let its time pass.
    pub(super) async fn overdue(&self, first: Duration, rest: Duration, patience: Duration) {
        let tick = (first.min(rest).min(patience) / 4).min(LOOK_EVERY);
        loop {
            tokio::time::sleep(tick).await;
            if self.is_overdue(Instant::now(), first, rest, patience) {
                return;
            }
        }
    }

    fn is_overdue(&self, now: Instant, first: Duration, rest: Duration, patience: Duration) -> bool {
        let state = &*self.0;
        let limit = if state.begun.load(Ordering::Relaxed) == 0 {
            first
        } else if state.open.load(Ordering::Relaxed) == 0 {
            rest
        } else if state.untaken.load(Ordering::Relaxed) > 0 {
            patience
        } else {
            return false;
        };
        let moved = Duration::from_millis(state.moved.load(Ordering::Relaxed));
        (now - state.started).saturating_sub(moved) > limit
    }

    fn moved(&self) {
        let now = u64::try_from(self.0.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.moved.store(now, Ordering::Relaxed);
    }
}

/// A request, until its answer was taken.
pub(super) struct Request {
    turns: Turns,
    is_untaken: bool,
}

impl Request {
    /// There is something for the client to take, or not: then it waits for us.
    pub(super) fn set_untaken(&mut self, is_untaken: bool) {
        self.turns.moved();
        if is_untaken != self.is_untaken {
            self.is_untaken = is_untaken;
            let untaken = &self.turns.0.untaken;
            if is_untaken {
                untaken.fetch_add(1, Ordering::Relaxed)
            } else {
                untaken.fetch_sub(1, Ordering::Relaxed)
            };
        }
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        self.set_untaken(false);
        self.turns.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds until it is overdue, when nothing happens; none for a day.
    fn overdue(turns: &Turns) -> Option<u64> {
        let [first, rest, patience] = [10, 75, 20].map(Duration::from_secs);
        let now = Instant::now();
        (0..86_400).find(|seconds| turns.is_overdue(now + Duration::from_secs(*seconds), first, rest, patience))
    }

    #[test]
    fn each_turn_has_its_time() {
        let turns = Turns::new();
        let is_about = |found: Option<u64>, seconds: u64| found.is_some_and(|it| (seconds..=seconds + 1).contains(&it));
        assert!(is_about(overdue(&turns), 10), "silent from the start");
        let mut request = turns.begin();
        assert_eq!(overdue(&turns), None, "it is our turn");
        request.set_untaken(true);
        assert!(is_about(overdue(&turns), 20), "nothing is taken");
        request.set_untaken(false);
        assert_eq!(overdue(&turns), None, "there is nothing to take");
        drop(request);
        assert!(is_about(overdue(&turns), 75), "at rest");
    }
}
