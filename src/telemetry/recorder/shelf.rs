//! What is kept of the requests that some of the threads served, by worth: failures of ours and refusals each in a ring, the
//! slowest of each route, and of the rest a sample. Everything has its place from the start; nothing is allocated later.

use std::collections::HashMap;
use std::mem::size_of;

use foldhash::fast::RandomState;

use super::record::Record;

/// How many of the slowest are kept of each route and hour.
const SLOWEST: usize = 4;
/// How long a route's slowest are compared with each other, in nanoseconds: an hour.
const WINDOW: u64 = 3_600_000_000_000;

/// Picks a number below the one given.
pub(super) type Pick = Box<dyn FnMut(usize) -> usize + Send>;

/// What a record is kept as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// A failure of ours: a status of 500 or more, or an answer that was broken off.
    Failure,
    /// Another error: a status of 400 to 499.
    Refusal,
    /// One of the slowest of its route in its hour.
    Slow,
    /// One of the rest.
    Other,
}

/// How many there are of one worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// How many are kept.
    pub kept: u64,
    /// How many were, or could have been, and are no longer.
    pub dropped: u64,
    /// When the newest of those that were dropped came, in nanoseconds since 1970: whatever came later is kept.
    pub all_since: Option<u64>,
}

impl Kept {
    fn lost(&mut self, record: &Record) {
        self.dropped += 1;
        self.all_since = self.all_since.max(Some(record.started));
    }

    /// Both together.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            kept: self.kept + other.kept,
            dropped: self.dropped + other.dropped,
            all_since: self.all_since.max(other.all_since),
        }
    }
}

pub(super) struct Shelf {
    failures: Sample,
    refusals: Sample,
    slow: Slowest,
    others: Sample,
    pick: Pick,
}

impl Shelf {
    /// One that never has more than `bytes`.
    pub fn new(bytes: usize, pick: Pick) -> Self {
        let share = |eighths: usize| (bytes / 8 * eighths) / size_of::<Record>();
        Self {
            failures: Sample::new(share(2)),
            refusals: Sample::new(share(1)),
            slow: Slowest::new(bytes / 8),
            others: Sample::new(share(4)),
            pick,
        }
    }

    /// Keeps a record if it is worth it.
    pub fn put(&mut self, record: Record, is_failure: bool) {
        if is_failure {
            self.failures.put_last(record);
        } else if record.status >= 400 {
            self.refusals.put_last(record);
        } else if let Some(rest) = self.slow.put(record) {
            self.others.put_anywhere(rest, &mut self.pick);
        }
    }

    /// How many there are of each worth.
    pub fn counts(&self) -> [(Worth, Kept); 4] {
        [
            (Worth::Failure, self.failures.count()),
            (Worth::Refusal, self.refusals.count()),
            (Worth::Slow, self.slow.count()),
            (Worth::Other, self.others.count()),
        ]
    }

    /// Some of the records: `most` of those from place `from` on, and the place to go on at. What is put meanwhile may move
    /// a record from one part to another, and be met twice.
    pub fn some(&self, from: usize, most: usize, mut see: impl FnMut(&Record)) -> Option<usize> {
        let mut start = 0;
        for part in [&self.failures, &self.refusals, &self.others] {
            let end = start + part.records.len();
            if from < end {
                let skipped = from - start;
                let seen = part.records.iter().skip(skipped).take(most).map(&mut see).count();
                return Some(from + seen);
            }
            start = end;
        }
        if from == start {
            self.slow.all().for_each(see);
            return Some(start + 1);
        }
        None
    }
}

/// Records up to a number.
struct Sample {
    records: Vec<Record>,
    capacity: usize,
    /// The place of the oldest, once all places are taken in turn.
    next: usize,
    lost: Kept,
}

impl Sample {
    fn new(capacity: usize) -> Self {
        Self { records: Vec::with_capacity(capacity), capacity, next: 0, lost: Kept::default() }
    }

    /// In the place of the oldest.
    fn put_last(&mut self, record: Record) {
        let place = self.next;
        self.next = (self.next + 1) % self.capacity.max(1);
        self.put_at(place, record);
    }

    /// In the place of any: so the newest are there, and the older the fewer, evenly.
    fn put_anywhere(&mut self, record: Record, pick: &mut Pick) {
        let place = if self.records.len() < self.capacity { self.records.len() } else { pick(self.capacity.max(1)) };
        self.put_at(place, record);
    }

    fn put_at(&mut self, place: usize, record: Record) {
        if self.records.len() < self.capacity {
            self.records.push(record);
        } else if let Some(old) = self.records.get_mut(place) {
            self.lost.lost(old);
            *old = record;
        } else {
            self.lost.lost(&record);
        }
    }

    fn count(&self) -> Kept {
        Kept { kept: self.records.len() as u64, ..self.lost }
    }
}

/// The slowest of each route, of this hour and the one before.
struct Slowest {
    routes: HashMap<&'static str, Hours, RandomState>,
    most_routes: usize,
    lost: Kept,
}

#[derive(Default)]
struct Hours {
    hour: u64,
    this: [Option<Record>; SLOWEST],
    before: [Option<Record>; SLOWEST],
}

impl Slowest {
    fn new(bytes: usize) -> Self {
        // A map has room for more than it is asked for, and a byte for each place.
        let most_routes = bytes / (2 * size_of::<(&str, Hours)>() + 2);
        Self {
            routes: HashMap::with_capacity_and_hasher(most_routes, RandomState::default()),
            most_routes,
            lost: Kept::default(),
        }
    }

    /// Returns what is not among the slowest, or no longer.
    fn put(&mut self, record: Record) -> Option<Record> {
        if !self.routes.contains_key(record.name) {
            if self.routes.len() >= self.most_routes {
                return Some(record);
            }
            self.routes.insert(record.name, Hours::default());
        }
        let hours = self.routes.get_mut(record.name)?;
        let hour = record.started / WINDOW;
        if hour > hours.hour {
            let is_next = hour == hours.hour + 1;
            let before = if is_next { std::mem::take(&mut hours.this) } else { [None; SLOWEST] };
            let old = std::mem::replace(&mut hours.before, before);
            let older = if is_next { [None; SLOWEST] } else { std::mem::take(&mut hours.this) };
            old.iter().chain(&older).flatten().for_each(|record| self.lost.lost(record));
            hours.hour = hour;
        }
        let fastest = hours.this.iter_mut().min_by_key(|it| it.map(|it| it.elapsed))?;
        match fastest {
            Some(kept) if kept.elapsed >= record.elapsed => Some(record),
            place => place.replace(record),
        }
    }

    fn all(&self) -> impl Iterator<Item = &Record> {
        self.routes.values().flat_map(|hours| hours.this.iter().chain(&hours.before)).flatten()
    }

    fn count(&self) -> Kept {
        Kept { kept: self.all().count() as u64, ..self.lost }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::recorder::tests::{record, slow};

    fn shelf(records: usize) -> Shelf {
        Shelf::new(8 * records * size_of::<Record>(), Box::new(|below| below / 2))
    }

    fn all(shelf: &Shelf) -> Vec<Record> {
        let (mut found, mut place) = (Vec::new(), Some(0));
        while let Some(from) = place {
            place = shelf.some(from, 3, |record| found.push(*record));
        }
        found
    }

    fn counts(shelf: &Shelf) -> [(u64, u64); 4] {
        shelf.counts().map(|(_, it)| (it.kept, it.dropped))
    }

    #[test]
    fn failures_outlive_any_number_of_refusals_and_successes() {
        let mut shelf = shelf(4);
        shelf.put(record(1, 500), true);
        for number in 2..10_000 {
            shelf.put(record(number, if number % 2 == 0 { 404 } else { 200 }), false);
        }
        assert!(all(&shelf).contains(&record(1, 500)));
        assert_eq!(counts(&shelf)[0], (1, 0));
        assert_eq!(counts(&shelf)[1], (4, 4995));
    }

    #[test]
    fn a_ring_keeps_the_newest_and_says_since_when_it_has_all() {
        let mut shelf = shelf(2);
        for number in 1..=5 {
            shelf.put(record(number, 404), false);
        }
        let refusals = shelf.counts()[1].1;
        assert_eq!((refusals.kept, refusals.dropped, refusals.all_since), (2, 3, Some(record(3, 404).started)));
        assert_eq!(all(&shelf), [record(5, 404), record(4, 404)]);
    }

    #[test]
    fn the_slowest_of_a_route_stay_for_an_hour_or_two() {
        // No route has a place of its own among so few bytes.
        let mut small = shelf(1);
        assert_eq!(small.slow.most_routes, 0);
        small.put(record(1, 200), false);
        assert_eq!(all(&small), [record(1, 200)]);

        let mut shelf = shelf(64);
        for number in 1..=100 {
            shelf.put(slow(number, number % 50), false);
        }
        let mut slowest: Vec<u64> = shelf.slow.all().map(|it| it.elapsed).collect();
        slowest.sort_unstable();
        assert_eq!(slowest, [48, 48, 49, 49]);

        let later = |hours: u64| Record { started: hours * WINDOW, ..record(7, 200) };
        shelf.put(later(1), false);
        assert_eq!(shelf.slow.all().count(), 5);
        shelf.put(later(2), false);
        assert_eq!(counts(&shelf)[2], (2, 4));
        shelf.put(later(9), false);
        assert_eq!(counts(&shelf)[2], (1, 6));
    }

    #[test]
    fn of_the_rest_each_newcomer_takes_the_place_of_one_that_is_picked() {
        let mut sample = Sample::new(3);
        let mut places = [2, 0, 2].into_iter();
        let mut pick: Pick = Box::new(move |below| {
            assert_eq!(below, 3);
            places.next().expect("a pick")
        });
        for number in 1..=6 {
            sample.put_anywhere(record(number, 200), &mut pick);
        }
        assert_eq!(sample.records, [record(5, 200), record(2, 200), record(6, 200)]);
        assert_eq!(sample.count(), Kept { kept: 3, dropped: 3, all_since: Some(record(4, 200).started) });
    }

    #[test]
    fn nothing_makes_it_larger_than_it_was_made() {
        let mut shelf = shelf(16);
        let capacity = |shelf: &Shelf| {
            let samples = [&shelf.failures, &shelf.refusals, &shelf.others].map(|it| it.records.capacity());
            (samples, shelf.slow.routes.capacity())
        };
        let before = capacity(&shelf);
        let names: Vec<&'static str> = (0..100).map(|number| &*format!("GET /{number}").leak()).collect();
        for number in 0..10_000 {
            let name = names[number as usize % names.len()];
            shelf.put(Record { name, ..slow(number, number) }, number % 5 == 0);
        }
        assert_eq!(capacity(&shelf), before);
    }

    #[test]
    fn a_walk_meets_each_record_once() {
        let mut shelf = shelf(64);
        for number in 0..200 {
            shelf.put(record(number, if number % 7 == 0 { 404 } else { 200 }), number % 11 == 0);
        }
        let kept: u64 = shelf.counts().iter().map(|(_, it)| it.kept).sum();
        let mut spans: Vec<_> = all(&shelf).iter().map(|it| it.span).collect();
        assert_eq!(spans.len() as u64, kept);
        spans.sort_unstable();
        spans.dedup();
        assert_eq!(spans.len() as u64, kept);
    }
}
