//! Traces whose spans are kept whole: some in each second, a fraction of the others, and those that a trusted caller asks
//! for. So their cost has a bound, whatever comes.

use std::collections::{HashSet, VecDeque};
use std::mem::size_of;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use opentelemetry::trace::TraceId;
use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use opentelemetry_semantic_conventions::attribute;

use super::{AT_A_TIME, lock};

/// How many traces are chosen in a second in any case.
const EACH_SECOND: u64 = 32;
/// How many are chosen in a second because a trusted caller asks.
const ASKED_EACH_SECOND: u64 = 128;
/// Of the others, one in this many.
const ONE_IN: u64 = 64;
/// How many traces are known as chosen. A power of two: a trace's place is the end of its id.
const PLACES: usize = 4096;
/// The most spans that are kept of one trace.
const SPANS_OF_A_TRACE: usize = 256;
/// How many of the newest traces may get more spans.
const OPEN: usize = 512;

/// What spans are never kept with: who it was, where from, and text that a client chose.
const PERSONAL: [&str; 7] = [
    attribute::CLIENT_ADDRESS,
    attribute::USER_AGENT_ORIGINAL,
    attribute::USER_ID,
    attribute::URL_PATH,
    attribute::SERVER_ADDRESS,
    attribute::HTTP_REQUEST_METHOD_ORIGINAL,
    "member.id",
];

/// How many full spans there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpansKept {
    /// Traces that are kept with their spans.
    pub traces: u64,
    /// Spans that are kept.
    pub kept: u64,
    /// Spans that were chosen, and are no longer kept.
    pub dropped: u64,
}

/// The traces that are chosen, and their spans.
#[derive(Debug)]
pub(in crate::telemetry) struct FullTraces {
    /// The chosen traces, each at its place: the last to come has it.
    chosen: Box<[AtomicU64]>,
    began: Instant,
    usual: Allowance,
    asked: Allowance,
    bytes: usize,
    kept: Mutex<Traces>,
}

impl FullTraces {
    /// Spans of at most this number of bytes.
    pub fn new(bytes: usize) -> Self {
        let bytes = bytes.saturating_sub(PLACES * size_of::<AtomicU64>());
        Self {
            chosen: (0..if bytes == 0 { 0 } else { PLACES }).map(|_| AtomicU64::new(0)).collect(),
            began: Instant::now(),
            usual: Allowance::new(EACH_SECOND),
            asked: Allowance::new(ASKED_EACH_SECOND),
            bytes,
            kept: Mutex::default(),
        }
    }

    /// A request begins: its trace may be chosen.
    pub fn begin(&self, trace: TraceId, is_asked: bool) {
        let Some((place, key)) = self.place(trace) else { return };
        let second = self.began.elapsed().as_secs();
        let is_chosen =
            is_asked && self.asked.take(second) || self.usual.take(second) || (key >> 48).is_multiple_of(ONE_IN);
        if is_chosen {
            place.store(key, Ordering::Relaxed);
        }
    }

    /// Whether the spans of a trace are kept.
    pub fn is_chosen(&self, trace: TraceId) -> bool {
        self.place(trace).is_some_and(|(place, key)| place.load(Ordering::Relaxed) == key)
    }

    /// Keeps a span, if its trace is chosen.
    pub fn keep(&self, span: &SpanData) {
        let trace = span.span_context.trace_id();
        if self.is_chosen(trace) {
            lock(&self.kept).put(trace, without_persons(span), self.bytes);
        }
    }

    /// The spans of a trace, in the order in which they ended.
    pub fn spans(&self, trace: TraceId) -> Vec<SpanData> {
        lock(&self.kept).of(trace).map(|it| it.spans.clone()).unwrap_or_default()
    }

    /// Whether there are any.
    pub fn has(&self, trace: TraceId) -> bool {
        lock(&self.kept).of(trace).is_some()
    }

    /// The traces with each of these attributes on one of their spans.
    pub fn having(&self, attributes: &[(String, String)]) -> HashSet<[u8; 16]> {
        let mut found = HashSet::new();
        let mut passed = 0;
        loop {
            let traces = lock(&self.kept);
            // From the newest on: what comes meanwhile makes some be seen twice, and none be passed over.
            let some = traces.newest_last.iter().rev().skip(passed).take(AT_A_TIME);
            let before = passed;
            for trace in some {
                passed += 1;
                if attributes.iter().all(|(key, value)| trace.has(key, value)) {
                    found.insert(trace.id.to_bytes());
                }
            }
            if passed == before {
                return found;
            }
        }
    }

    /// How many there are.
    pub fn kept(&self) -> SpansKept {
        let traces = lock(&self.kept);
        let kept = traces.newest_last.iter().map(|it| it.spans.len() as u64).sum();
        SpansKept { traces: traces.newest_last.len() as u64, kept, dropped: traces.dropped }
    }

    /// The place of a trace among the chosen, and what is written there.
    fn place(&self, trace: TraceId) -> Option<(&AtomicU64, u64)> {
        let key = u64::from_be_bytes(trace.to_bytes()[8..].try_into().ok()?);
        let place = usize::try_from(key % PLACES as u64).ok()?;
        Some((self.chosen.get(place)?, key))
    }
}

/// How many in each second.
#[derive(Debug)]
struct Allowance {
    each: u64,
    /// The second above, and how many were taken in it in the lower 16 bits.
    taken: AtomicU64,
}

impl Allowance {
    fn new(each: u64) -> Self {
        Self { each, taken: AtomicU64::new(0) }
    }

    fn take(&self, second: u64) -> bool {
        let take = |taken: u64| match taken & 0xffff {
            _ if taken >> 16 != second => Some(second << 16 | 1),
            count if count < self.each => Some(taken + 1),
            _ => None,
        };
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }
}

#[derive(Debug)]
struct Trace {
    id: TraceId,
    spans: Vec<SpanData>,
    bytes: usize,
}

impl Trace {
    /// Whether a span has an attribute with this value, as text.
    fn has(&self, key: &str, value: &str) -> bool {
        let attributes = self.spans.iter().flat_map(|span| &span.attributes);
        attributes.filter(|it| it.key.as_str() == key).any(|it| it.value.as_str() == value)
    }
}

#[derive(Debug, Default)]
struct Traces {
    newest_last: VecDeque<Trace>,
    bytes: usize,
    dropped: u64,
}

impl Traces {
    fn put(&mut self, id: TraceId, span: SpanData, most: usize) {
        let size = size(&span);
        let known = self.newest_last.iter().rev().take(OPEN).position(|it| it.id == id);
        let place = match known {
            Some(from_end) => self.newest_last.len() - 1 - from_end,
            None => {
                self.newest_last.push_back(Trace { id, spans: Vec::new(), bytes: size_of::<Trace>() });
                self.bytes += size_of::<Trace>();
                self.newest_last.len() - 1
            }
        };
        let Some(trace) = self.newest_last.get_mut(place) else { return };
        if trace.spans.len() >= SPANS_OF_A_TRACE {
            self.dropped += 1;
            return;
        }
        trace.spans.push(span);
        trace.bytes += size;
        self.bytes += size;
        while self.bytes > most
            && let Some(oldest) = self.newest_last.pop_front()
        {
            self.bytes -= oldest.bytes;
            self.dropped += oldest.spans.len() as u64;
        }
    }

    fn of(&self, id: TraceId) -> Option<&Trace> {
        self.newest_last.iter().rev().find(|it| it.id == id)
    }
}

fn without_persons(span: &SpanData) -> SpanData {
    let mut kept = span.clone();
    kept.attributes.retain(|it| !PERSONAL.contains(&it.key.as_str()));
    kept.attributes.shrink_to_fit();
    kept
}

/// What a span takes, and the room that a list of them has for more.
fn size(span: &SpanData) -> usize {
    let attributes = |list: &[KeyValue]| list.iter().map(|it| size_of::<KeyValue>() + value(&it.value)).sum::<usize>();
    let links = span.links.links.iter().map(|it| size_of_val(it) + attributes(&it.attributes)).sum::<usize>();
    let events = span.events.events.iter().map(|it| size_of_val(it) + attributes(&it.attributes)).sum::<usize>();
    2 * size_of::<SpanData>() + span.name.len() + attributes(&span.attributes) + links + events
}

fn value(value: &Value) -> usize {
    match value {
        Value::String(text) => text.as_str().len(),
        Value::Array(Array::String(texts)) => texts.iter().map(|text| size_of_val(text) + text.as_str().len()).sum(),
        Value::Array(_) => value.as_str().len() * 8,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceState};
    use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};

    use super::*;
    use crate::telemetry::resource::scope;

    fn span(trace: u128, attributes: Vec<KeyValue>) -> SpanData {
        SpanData {
            span_context: SpanContext::new(trace.into(), 1.into(), TraceFlags::SAMPLED, false, TraceState::NONE),
            parent_span_id: SpanId::INVALID,
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: "work".into(),
            start_time: UNIX_EPOCH,
            end_time: UNIX_EPOCH,
            attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: scope(),
        }
    }

    #[test]
    fn so_many_are_chosen_in_a_second() {
        let allowance = Allowance::new(3);
        let taken = |second| (0..10).filter(|_| allowance.take(second)).count();
        assert_eq!([taken(0), taken(7), taken(7), taken(8)], [3, 3, 0, 3]);
    }

    #[test]
    fn only_the_spans_of_chosen_traces_are_kept_and_nothing_about_persons() {
        let full = FullTraces::new(1 << 20);
        let attributes = vec![
            KeyValue::new(attribute::CLIENT_ADDRESS, "192.0.2.1"),
            KeyValue::new(attribute::USER_ID, "somebody"),
            KeyValue::new("artifact.total", 3),
        ];
        full.keep(&span(1, attributes.clone()));
        assert!(!full.has(1.into()));
        full.begin(1.into(), false);
        full.keep(&span(1, attributes));
        assert_eq!(full.spans(1.into())[0].attributes, [KeyValue::new("artifact.total", 3)]);
        assert_eq!(full.kept(), SpansKept { traces: 1, kept: 1, dropped: 0 });
    }

    #[test]
    fn the_oldest_traces_go_when_the_bytes_are_used_up() {
        let bytes = 64 << 10;
        let mut traces = Traces::default();
        for number in 0..1000_u128 {
            let text = "x".repeat(usize::try_from(number % 500).expect("small"));
            traces.put(number.into(), span(number, vec![KeyValue::new("a", text)]), bytes);
            assert!(traces.bytes <= bytes);
        }
        assert!(traces.of(999.into()).is_some() && traces.of(0.into()).is_none());
        assert_eq!(traces.dropped + traces.newest_last.len() as u64, 1000);
    }

    #[test]
    fn one_trace_does_not_take_all_of_it() {
        let mut traces = Traces::default();
        for _ in 0..1000 {
            traces.put(1.into(), span(1, Vec::new()), usize::MAX);
        }
        assert_eq!(traces.of(1.into()).map(|it| it.spans.len()), Some(SPANS_OF_A_TRACE));
        assert_eq!(traces.dropped, 1000 - SPANS_OF_A_TRACE as u64);
    }

    #[test]
    fn a_trace_is_found_by_all_of_its_attributes() {
        let full = FullTraces::new(1 << 20);
        for number in 0..600_u128 {
            full.begin(number.into(), true);
            full.keep(&span(number, vec![KeyValue::new("a", i64::from(number % 2 == 1)), KeyValue::new("b", true)]));
            full.keep(&span(number, vec![KeyValue::new("c", "x")]));
        }
        let having = |pairs: &[(&str, &str)]| {
            let pairs: Vec<_> = pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
            full.having(&pairs).len() as u64
        };
        let traces = full.kept().traces;
        assert!(traces >= 100, "{traces}");
        assert_eq!(having(&[("b", "true"), ("c", "x")]), traces);
        assert_eq!(having(&[("a", "1"), ("c", "x")]), traces / 2);
        assert_eq!((having(&[("a", "1"), ("c", "y")]), having(&[("d", "")])), (0, 0));
    }

    #[test]
    fn without_room_none_is_chosen() {
        let full = FullTraces::new(0);
        full.begin(1.into(), true);
        assert!(!full.is_chosen(1.into()));
    }
}
