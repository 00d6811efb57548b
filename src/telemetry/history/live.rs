//! What is counted while requests are served, by counters that are never set back.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::telemetry::{ExportHealth, SignalHealth};

/// What latencies are counted up to, each with what is above the one before; and what is above all of them.
pub const LIMITS: [Duration; 11] = [
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_micros(2_500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_secs(1),
    Duration::from_millis(2_500),
];
/// How many different latencies there are.
const BUCKETS: usize = LIMITS.len() + 1;
/// How many routes are counted apart; the rest are counted together.
const ROUTES: usize = 128;
/// What the rest is called.
const OTHERS: &str = "others";

/// Requests, by how long they took and how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// How many took at most as long as the limit of the same number, and longer than the one before.
    pub latency: [u64; BUCKETS],
    /// How many were answered with a status of 400 to 499.
    pub refusals: u64,
    /// How many failed: a status of 500 or more, or an answer that was broken off.
    pub failures: u64,
}

impl Counts {
    /// How many requests there were.
    pub fn requests(&self) -> u64 {
        self.latency.iter().sum()
    }

    /// What came since an earlier look.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        let mut since = *self;
        for (now, before) in since.latency.iter_mut().zip(earlier.latency) {
            *now = now.saturating_sub(before);
        }
        since.refusals = since.refusals.saturating_sub(earlier.refusals);
        since.failures = since.failures.saturating_sub(earlier.failures);
        since
    }

    /// Both together.
    pub fn and(&self, other: &Self) -> Self {
        let mut both = *self;
        both.latency.iter_mut().zip(other.latency).for_each(|(sum, more)| *sum += more);
        both.refusals += other.refusals;
        both.failures += other.failures;
        both
    }

    /// Below what time this share of the requests took, as nearly as is counted; none when there were none, or when it is
    /// above every limit.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let wanted = (self.requests() as f64 * share).ceil().max(1.0);
        let mut seen = 0;
        for (count, limit) in self.latency.iter().zip(LIMITS) {
            seen += count;
            if seen as f64 >= wanted {
                return Some(limit);
            }
        }
        None
    }
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::telemetry) enum Outcome {
    Answered,
    Refused,
    Failed,
}

/// The requests of a route.
#[derive(Debug, Default)]
pub(in crate::telemetry) struct CountedRoute {
    name: &'static str,
    latency: [AtomicU64; BUCKETS],
    refusals: AtomicU64,
    failures: AtomicU64,
}

impl CountedRoute {
    /// A request has ended.
    pub fn ended(&self, elapsed: Duration, outcome: Outcome) {
        let bucket = LIMITS.partition_point(|limit| *limit < elapsed);
        self.latency[bucket].fetch_add(1, Ordering::Relaxed);
        match outcome {
            Outcome::Answered => {}
            Outcome::Refused => add(&self.refusals, 1),
            Outcome::Failed => add(&self.failures, 1),
        }
    }

    fn counts(&self) -> Counts {
        let latency = self.latency.each_ref().map(load);
        Counts { latency, refusals: load(&self.refusals), failures: load(&self.failures) }
    }
}

/// Everything that is counted.
#[derive(Default)]
pub(super) struct Live {
    routes: Mutex<Vec<Arc<CountedRoute>>>,
    commits: AtomicU64,
    writes: AtomicU64,
    longest_queue: AtomicU64,
    longest_commit: AtomicU64,
    longest_index_wait: AtomicU64,
}

/// All of it at a moment. Counts are since the start, and the longest times, in nanoseconds, since they were last taken.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub routes: Vec<(&'static str, Counts)>,
    pub commits: u64,
    pub writes: u64,
    pub exported: u64,
    pub lost: u64,
    pub longest_queue: u64,
    pub longest_commit: u64,
    pub longest_index_wait: u64,
}

impl Live {
    /// Where the requests of a route are counted.
    pub fn route(&self, name: &'static str) -> Arc<CountedRoute> {
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let known = |routes: &[Arc<CountedRoute>], name| routes.iter().find(|route| route.name == name).cloned();
        if let Some(route) = known(&routes, name) {
            return route;
        }
        let name = if routes.len() < ROUTES { name } else { OTHERS };
        known(&routes, name).unwrap_or_else(|| {
            let route = Arc::new(CountedRoute { name, ..CountedRoute::default() });
            routes.push(route.clone());
            route
        })
    }

    pub fn write_waited(&self, queued: Duration) {
        self.longest_queue.fetch_max(nanoseconds(queued), Ordering::Relaxed);
    }

    pub fn search_waited(&self, waited: Duration) {
        self.longest_index_wait.fetch_max(nanoseconds(waited), Ordering::Relaxed);
    }

    pub fn committed(&self, elapsed: Duration, writes: usize) {
        add(&self.commits, 1);
        add(&self.writes, writes as u64);
        self.longest_commit.fetch_max(nanoseconds(elapsed), Ordering::Relaxed);
    }

    /// What there is now.
    pub fn seen(&self, exports: &ExportHealth) -> Seen {
        self.look(exports, load)
    }

    /// The same, and resets the longest times.
    pub fn taken(&self, exports: &ExportHealth) -> Seen {
        self.look(exports, |longest| longest.swap(0, Ordering::Relaxed))
    }

    fn look(&self, exports: &ExportHealth, longest: impl Fn(&AtomicU64) -> u64) -> Seen {
        let routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let signals = [exports.traces, exports.metrics, exports.logs];
        let sum = |count: fn(&SignalHealth) -> u64| signals.iter().map(count).sum();
        Seen {
            routes: routes.iter().map(|route| (route.name, route.counts())).collect(),
            commits: load(&self.commits),
            writes: load(&self.writes),
            exported: sum(|it| it.exported),
            lost: sum(|it| it.dropped + it.failed),
            longest_queue: longest(&self.longest_queue),
            longest_commit: longest(&self.longest_commit),
            longest_index_wait: longest(&self.longest_index_wait),
        }
    }
}

fn add(count: &AtomicU64, more: u64) {
    count.fetch_add(more, Ordering::Relaxed);
}

fn load(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_is_counted_by_its_latency_and_its_end() {
        let route = CountedRoute::default();
        let millis = Duration::from_millis;
        for (elapsed, outcome) in [
            (millis(0), Outcome::Answered),
            (millis(1), Outcome::Refused),
            (millis(1) + Duration::from_nanos(1), Outcome::Answered),
            (millis(60_000), Outcome::Failed),
        ] {
            route.ended(elapsed, outcome);
        }
        let counts = route.counts();
        assert_eq!(counts.latency, [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!((counts.requests(), counts.refusals, counts.failures), (4, 1, 1));
        assert_eq!([counts.quantile(0.5), counts.quantile(0.75)], [Some(millis(1)), Some(LIMITS[2])]);
        assert_eq!([counts.quantile(1.0), Counts::default().quantile(0.5)], [None, None]);
    }

    #[test]
    fn no_number_of_routes_makes_it_larger() {
        let live = Live::default();
        for number in 0..10 * ROUTES {
            let name: &'static str = format!("GET /{number}").leak();
            live.route(name).ended(Duration::ZERO, Outcome::Answered);
        }
        let routes = live.routes.lock().expect("a lock").clone();
        assert_eq!(routes.len(), ROUTES + 1);
        assert_eq!(routes.iter().map(|route| route.counts().requests()).sum::<u64>(), 10 * ROUTES as u64);
        assert!(Arc::ptr_eq(&live.route("GET /0"), &routes[0]), "a route that is known stays so");
    }
}
