//! What is kept, found and shown of made-up records.

use opentelemetry_sdk::Resource;

use super::*;
use crate::domain::TenantId;
use crate::operations::Operation;

/// Entropy that is always the same.
struct Same;

impl Entropy for Same {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

/// A record that can be distinguished from others.
pub(super) fn record(number: u64, status: u16) -> Record {
    Record {
        trace: u128::from(number + 1).to_be_bytes(),
        span: (number + 1).to_be_bytes(),
        request: 0,
        name: "GET /things/{id}",
        operation: Some(Operation::ArtifactGet),
        tenant: None,
        is_authorised: false,
        status,
        error: None,
        started: number,
        elapsed: 1,
        stages: Stages::default(),
    }
}

/// One that took this many nanoseconds.
pub(super) fn slow(number: u64, elapsed: u64) -> Record {
    Record { elapsed, ..record(number, 200) }
}

fn recorder(bytes: usize) -> Recorder {
    Recorder::new(bytes, Resource::builder_empty().build(), &Same)
}

fn numbers(found: &Found) -> Vec<u64> {
    found.records.iter().map(|record| record.started).collect()
}

#[test]
fn pages_have_each_record_once_newest_first() {
    let recorder = recorder(1 << 20);
    for number in 0..50 {
        recorder.keep(record(number, 200), "a", false);
    }
    let (mut seen, mut place) = (Vec::new(), None);
    loop {
        let found = recorder.find(&Wanted::default(), place, 7);
        seen.extend(numbers(&found));
        place = found.next;
        if place.is_none() {
            break;
        }
    }
    assert_eq!(seen, (0..50).rev().collect::<Vec<u64>>());
}

#[test]
fn each_filter_narrows() {
    let recorder = recorder(1 << 20);
    let tenant = TenantId::from_bytes([9; 16]);
    recorder.keep(record(1, 200), "first", false);
    recorder.keep(Record { tenant: Some(tenant), is_authorised: true, ..record(2, 404) }, "second", false);
    recorder.keep(Record { tenant: Some(tenant), ..record(3, 403) }, "third", false);
    recorder.keep(Record { name: "POST /things", operation: None, elapsed: 9, ..record(4, 500) }, "fourth", true);
    let find = |wanted: Wanted| numbers(&recorder.find(&wanted, None, 10));
    let all = Wanted::default;
    assert_eq!(find(Wanted { route: Some("/things".to_owned()), ..all() }), [4]);
    assert_eq!(find(Wanted { name: Some("POST /things".to_owned()), ..all() }), [4]);
    assert_eq!(recorder.slowest(&all(), 1)[0].started, 4);
    assert_eq!(find(Wanted { operation: Some(Operation::ArtifactGet), ..all() }), [3, 2, 1]);
    assert_eq!(find(Wanted { status: Some((400, 499)), ..all() }), [3, 2]);
    assert_eq!(find(Wanted { at_least: Some(2), ..all() }), [4]);
    assert_eq!(find(Wanted { tenant: Some(tenant), ..all() }), [3, 2]);
    assert_eq!(find(Wanted { tenant: Some(tenant), only_authorised: true, ..all() }), [2]);
    assert_eq!(find(Wanted { since: Some(2), until: Some(3), ..all() }), [3, 2]);
    assert_eq!(find(Wanted { request_id: Some("third".to_owned()), ..all() }), [3]);
    assert_eq!(find(Wanted { trace: Some(record(1, 200).trace), ..all() }), [1]);
}

#[test]
fn it_says_what_it_dropped() {
    let recorder = recorder(64 << 10);
    for number in 0..10_000 {
        recorder.keep(record(number, 200), "a", false);
    }
    let kept: u64 = recorder.contents().records.iter().map(|(_, it)| it.kept).sum();
    let dropped: u64 = recorder.contents().records.iter().map(|(_, it)| it.dropped).sum();
    assert_eq!(kept + dropped, 10_000);
    assert!(kept * size_of::<Record>() as u64 <= 64 << 10);
    assert_eq!(recorder.find(&Wanted::default(), None, 1).records[0].started, 9_999, "the newest is there");
}

#[test]
fn a_record_is_told_as_spans_that_lie_within_its_own() {
    let recorder = recorder(1 << 20);
    let write = Write { at: 10, took: 50, queued: 20, commit: 25, group: 3 };
    let search = Lookup { at: 70, took: 9, waited: 4 };
    let stages = Stages { write: Some(write), search: Some(search) };
    let full = Record { stages, elapsed: 100_000, started: 5_000_000, error: Some("validation"), ..record(1, 422) };
    recorder.keep(full, "a", false);
    let shown = recorder.trace(full.trace).expect("a trace");
    let spans = shown["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().expect("spans").clone();
    let names: Vec<_> = spans.iter().filter_map(|span| span["name"].as_str()).collect();
    assert_eq!(names, ["GET /things/{id}", "write", "queue wait", "commit", "search", "index wait"]);
    assert_eq!(spans[0]["traceId"], "00000000000000000000000000000002");
    let time =
        |span: usize, key: &str| spans[span][key].as_str().and_then(|it| it.parse::<u64>().ok()).expect("a time");
    assert_eq!((time(0, "startTimeUnixNano"), time(0, "endTimeUnixNano")), (5_000_000, 5_100_000));
    assert_eq!((time(2, "startTimeUnixNano"), time(2, "endTimeUnixNano")), (5_010_000, 5_030_000));
    assert_eq!((time(3, "startTimeUnixNano"), time(3, "endTimeUnixNano")), (5_035_000, 5_060_000));
    assert_eq!((time(5, "startTimeUnixNano"), time(5, "endTimeUnixNano")), (5_070_000, 5_074_000));
    for span in &spans[1..] {
        assert_ne!(span["spanId"], spans[0]["spanId"]);
    }
    assert_eq!(spans[1]["parentSpanId"], spans[0]["spanId"]);
    assert_eq!(spans[2]["parentSpanId"], spans[1]["spanId"]);
    assert_eq!(recorder.trace([1; 16]), None);
}
