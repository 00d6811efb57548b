//! The flight recorder: what the last requests were like, available without a collector, in memory that does not grow.
//!
//! Every request that is over leaves a record of fixed size, on the shelf of the thread that served it, so that threads
//! seldom meet; health checks and scrapes leave none. Some have all their spans kept as well (`full`). What is kept knows
//! nothing of persons.

mod find;
mod full;
mod otlp;
mod parts;
mod processor;
mod record;
mod sampler;
mod shelf;

use std::cell::Cell;
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::fast::RandomState;
use opentelemetry::trace::TraceId;
use opentelemetry_sdk::Resource;

use self::find::{LookedUp, Newest, Slowest};
pub(super) use self::full::FullTraces;
pub(super) use self::processor::Recorded;
pub(super) use self::record::{Lookup as LookupStage, Notes, Write as WriteStage, micros};
pub(super) use self::sampler::AlsoRecording;
use self::shelf::{Pick, Shelf};
use super::moment::now;
use crate::domain::Entropy;

pub use self::find::{Found, Wanted, wanted_attribute};
pub use self::full::SpansKept;
pub use self::parts::Part;
pub use self::record::{Lookup, Record, RecordKey, Stages, Write};
pub use self::shelf::{Kept, Worth};

/// How many threads have a shelf of their own.
const SHELVES: usize = 4;
/// How many records are read before others may write again.
const AT_A_TIME: usize = 256;
/// How much of the memory full spans may take: one part in ten.
const FULL_SHARE: usize = 10;

/// What the last requests were like.
pub struct Recorder {
    shelves: Vec<Mutex<Shelf>>,
    full: Arc<FullTraces>,
    resource: Resource,
    since: u64,
    digests: RandomState,
}

/// What a recorder has, and what it dropped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contents {
    /// Since when it knows of requests, in nanoseconds since 1970.
    pub since: u64,
    /// Compact records, by worth.
    pub records: [(Worth, Kept); 4],
    /// Full spans.
    pub spans: SpansKept,
}

impl Recorder {
    /// One that takes `bytes` and no more, since now.
    pub(super) fn new(bytes: usize, resource: Resource, entropy: &dyn Entropy) -> Self {
        let compact = bytes - bytes / FULL_SHARE;
        let shelf = |_| Mutex::new(Shelf::new(compact / SHELVES, pick(u64::from_ne_bytes(entropy.bytes()))));
        Self {
            shelves: (0..SHELVES).map(shelf).collect(),
            full: Arc::new(FullTraces::new(bytes / FULL_SHARE)),
            resource,
            since: now(),
            digests: RandomState::default(),
        }
    }

    /// The traces whose spans are kept.
    pub(super) fn full(&self) -> &Arc<FullTraces> {
        &self.full
    }

    /// Keeps the record of a request with this id, if it is worth it.
    pub(super) fn keep(&self, record: Record, request_id: &str, is_failure: bool) {
        let record = Record { request: self.digests.hash_one(request_id), ..record };
        lock(&self.shelves[own_shelf()]).put(record, is_failure);
    }

    /// A page of the records that are wanted, newest first.
    pub fn find(&self, wanted: &Wanted, after: Option<RecordKey>, limit: usize) -> Found {
        let mut newest = Newest::new(after, limit);
        self.each(wanted, |record| newest.see(record));
        newest.found()
    }

    /// The slowest of the records that are wanted, the slowest first.
    pub fn slowest(&self, wanted: &Wanted, limit: usize) -> Vec<Record> {
        let mut slowest = Slowest::new(limit);
        self.each(wanted, |record| slowest.see(record));
        slowest.found()
    }

    /// Looks at every record that is wanted.
    fn each(&self, wanted: &Wanted, mut see: impl FnMut(&Record)) {
        let looked_up = LookedUp {
            request: wanted.request_id.as_ref().map(|id| self.digests.hash_one(id.as_str())),
            traces: (!wanted.attributes.is_empty()).then(|| self.full.having(&wanted.attributes)),
        };
        for shelf in &self.shelves {
            let mut place = Some(0);
            while let Some(from) = place {
                place = lock(shelf).some(from, AT_A_TIME, |record| {
                    if wanted.fits(record, &looked_up) {
                        see(record);
                    }
                });
            }
        }
    }

    /// A trace as an OTLP message in JSON: the spans that were kept of it, or what its record says; none of one that is not
    /// known.
    pub fn trace(&self, trace: [u8; 16]) -> Option<serde_json::Value> {
        let spans = self.full.spans(TraceId::from_bytes(trace));
        if !spans.is_empty() {
            return otlp::message(spans, &self.resource);
        }
        const MOST: usize = 100;
        let found = self.find(&Wanted { trace: Some(trace), ..Wanted::default() }, None, MOST);
        let spans: Vec<_> = found.records.iter().rev().flat_map(otlp::spans).collect();
        if spans.is_empty() { None } else { otlp::message(spans, &self.resource) }
    }

    /// The parts of a request, where its spans were kept. Others may have the same trace: what is not below its own server
    /// span is not of it.
    pub fn parts(&self, record: &Record) -> Vec<Part> {
        parts::of(record, &self.full.spans(TraceId::from_bytes(record.trace)))
    }

    /// Whether all spans of a trace are kept.
    pub fn has_spans(&self, trace: [u8; 16]) -> bool {
        self.full.has(TraceId::from_bytes(trace))
    }

    /// What there is, and what was dropped.
    pub fn contents(&self) -> Contents {
        let records = self.shelves.iter().map(|shelf| lock(shelf).counts()).reduce(|one, other| {
            let mut both = one;
            both.iter_mut().zip(other).for_each(|(sum, (_, more))| sum.1 = sum.1.and(more));
            both
        });
        let none = [Worth::Failure, Worth::Refusal, Worth::Slow, Worth::Other].map(|worth| (worth, Kept::default()));
        Contents { since: self.since, records: records.unwrap_or(none), spans: self.full.kept() }
    }
}

/// The shelf of this thread.
fn own_shelf() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: Cell<Option<usize>> = const { Cell::new(None) };
    }
    OWN.with(|own| {
        own.get().unwrap_or_else(|| {
            let shelf = NEXT.fetch_add(1, Ordering::Relaxed) % SHELVES;
            own.set(Some(shelf));
            shelf
        })
    })
}

/// Numbers that are as good as random, and cheap (Marsaglia's xorshift).
fn pick(seed: u64) -> Pick {
    let mut state = seed | 1;
    Box::new(move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 16).unwrap_or_default() % below.max(1)
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
