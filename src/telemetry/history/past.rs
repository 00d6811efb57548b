//! What is kept of it: a point for every few seconds, and for every minute the requests of each route.

use std::collections::VecDeque;
use std::time::Duration;

use super::Figures;
use super::live::{Counts, Seen};

/// How many points are kept: an hour.
const POINTS: usize = 240;
/// How many points make a minute.
const IN_A_MINUTE: usize = 4;
/// How many minutes are kept.
const MINUTES: usize = POINTS / IN_A_MINUTE;

/// A few seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// When they began, in nanoseconds since 1970.
    pub at: u64,
    /// How long they were: as long as all, but for those that are not over.
    pub lasted: Duration,
    /// The requests that ended in them. Health checks and scrapes are left out.
    pub requests: Counts,
    /// Commits that were made.
    pub commits: u64,
    /// Writes that they carried.
    pub writes: u64,
    /// The longest that a write waited for the writer.
    pub longest_queue: Duration,
    /// The longest that a commit took.
    pub longest_commit: Duration,
    /// The longest that a search waited for the index to know of every write before.
    pub longest_index_wait: Duration,
    /// Items of telemetry that a collector took.
    pub exported: u64,
    /// Items of telemetry that were lost.
    pub lost: u64,
    /// The memory that the process had at the end, in bytes.
    pub memory_bytes: Option<u64>,
    /// How the parts did at the end.
    pub figures: Figures,
}

/// A minute, or the part of it that is over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Minute {
    /// When it began, in nanoseconds since 1970.
    pub at: u64,
    /// The requests of each route, in the order of [`Hour::routes`]; of those at the end, none.
    pub routes: Vec<Counts>,
}

/// What happened in the last hour.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hour {
    /// The points, the oldest first.
    pub points: Vec<Point>,
    /// The method and the pattern of each route that was asked for.
    pub routes: Vec<&'static str>,
    /// The minutes, the oldest first.
    pub minutes: Vec<Minute>,
}

/// What is over.
pub(super) struct Past {
    points: VecDeque<Point>,
    minutes: VecDeque<Minute>,
    /// Points of the newest minute.
    in_minute: usize,
    /// When the last point ended.
    ended: u64,
    /// What was seen then.
    last: Seen,
}

impl Past {
    /// None, since a moment.
    pub fn new(now: u64) -> Self {
        Self {
            points: VecDeque::with_capacity(POINTS + 1),
            minutes: VecDeque::with_capacity(MINUTES + 1),
            in_minute: 0,
            ended: now,
            last: Seen::default(),
        }
    }

    /// A point is over.
    pub fn end_point(&mut self, now: u64, seen: &Seen, figures: Figures) {
        self.points.push_back(self.point(now, seen, figures));
        if self.points.len() > POINTS {
            self.points.pop_front();
        }
        let counts = self.counts(seen);
        if self.in_minute == 0 {
            self.minutes.push_back(Minute { at: self.ended, routes: Vec::new() });
            if self.minutes.len() > MINUTES {
                self.minutes.pop_front();
            }
        }
        if let Some(minute) = self.minutes.back_mut() {
            add(minute, &counts);
        }
        self.in_minute = (self.in_minute + 1) % IN_A_MINUTE;
        (self.ended, self.last) = (now, seen.clone());
    }

    /// What is over, and what is not.
    pub fn read(&self, now: u64, seen: &Seen, figures: Figures) -> Hour {
        let mut points: Vec<Point> = self.points.iter().copied().collect();
        points.push(self.point(now, seen, figures));
        let mut minutes: Vec<Minute> = self.minutes.iter().cloned().collect();
        if self.in_minute == 0 {
            minutes.push(Minute { at: self.ended, routes: Vec::new() });
        }
        if let Some(minute) = minutes.last_mut() {
            add(minute, &self.counts(seen));
        }
        Hour { points, routes: seen.routes.iter().map(|(name, _)| *name).collect(), minutes }
    }

    fn point(&self, now: u64, seen: &Seen, figures: Figures) -> Point {
        let requests = self.counts(seen).iter().fold(Counts::default(), |sum, counts| sum.and(counts));
        Point {
            at: self.ended,
            lasted: Duration::from_nanos(now.saturating_sub(self.ended)),
            requests,
            commits: seen.commits.saturating_sub(self.last.commits),
            writes: seen.writes.saturating_sub(self.last.writes),
            longest_queue: Duration::from_nanos(seen.longest_queue),
            longest_commit: Duration::from_nanos(seen.longest_commit),
            longest_index_wait: Duration::from_nanos(seen.longest_index_wait),
            exported: seen.exported.saturating_sub(self.last.exported),
            lost: seen.lost.saturating_sub(self.last.lost),
            memory_bytes: memory_bytes(),
            figures,
        }
    }

    /// The requests of each route since the last point ended. Routes keep their places, and new ones come at the end.
    fn counts(&self, seen: &Seen) -> Vec<Counts> {
        let before = |index: usize| self.last.routes.get(index).map(|(_, counts)| *counts).unwrap_or_default();
        seen.routes.iter().enumerate().map(|(index, (_, counts))| counts.since(&before(index))).collect()
    }
}

fn add(minute: &mut Minute, counts: &[Counts]) {
    minute.routes.resize(minute.routes.len().max(counts.len()), Counts::default());
    for (sum, more) in minute.routes.iter_mut().zip(counts) {
        *sum = sum.and(more);
    }
}

/// The memory that this process has, as the system counts it.
fn memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::history::STEP;

    fn seen(requests: u64, routes: usize) -> Seen {
        let names = ["GET /a", "GET /b", "GET /c"];
        let counts = Counts { failures: requests / 10, ..Counts::default() };
        let mut counts = Counts { refusals: requests / 5, ..counts };
        counts.latency[2] = requests;
        let routes = names[..routes].iter().map(|name| (*name, counts)).collect();
        Seen { routes, commits: requests, writes: 2 * requests, longest_queue: 7, ..Seen::default() }
    }

    fn end_points(past: &mut Past, points: u64) {
        let step = u64::try_from(STEP.as_nanos()).expect("small");
        for number in 1..=points {
            past.end_point(number * step, &seen(10 * number, 1), Figures::default());
        }
    }

    #[test]
    fn a_point_has_what_came_since_the_one_before() {
        let mut past = Past::new(0);
        end_points(&mut past, 3);
        let hour = past.read(46_000_000_000, &seen(37, 2), Figures { queued_writes: 4, ..Figures::default() });
        let requests: Vec<u64> = hour.points.iter().map(|point| point.requests.requests()).collect();
        assert_eq!(requests, [10, 10, 10, 7 + 37]);
        let last = hour.points[3];
        assert_eq!((last.at, last.lasted), (45_000_000_000, Duration::from_secs(1)));
        assert_eq!((last.commits, last.writes, last.figures.queued_writes), (7, 14, 4));
        assert_eq!((hour.points[0].requests.refusals, hour.points[0].requests.failures), (2, 1));
        assert_eq!(hour.routes, ["GET /a", "GET /b"]);
        assert_eq!(hour.minutes.len(), 1);
        let routes: Vec<u64> = hour.minutes[0].routes.iter().map(Counts::requests).collect();
        assert_eq!(routes, [37, 37]);
    }

    #[test]
    fn an_hour_is_kept_and_no_more() {
        let mut past = Past::new(0);
        end_points(&mut past, 3 * POINTS as u64);
        assert_eq!((past.points.len(), past.minutes.len()), (POINTS, MINUTES));
        let hour = past.read(u64::MAX, &past.last.clone(), Figures::default());
        assert_eq!(hour.minutes.iter().map(|minute| minute.routes[0].requests()).max(), Some(40));
        assert_eq!((hour.points.len(), hour.minutes.len()), (POINTS + 1, MINUTES + 1));
        assert_eq!(hour.points[POINTS].requests, Counts::default());
    }

    #[test]
    fn the_process_knows_its_memory() {
        assert!(memory_bytes().is_none_or(|bytes| bytes > 1 << 20));
    }
}
