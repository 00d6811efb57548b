//! Recorded requests in JSON.

use std::collections::BTreeMap;

use poem_openapi::Object;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::domain::{TenantId, Timestamp, push_hex};
use crate::http::types::Time;
use crate::operations::Operation;
use crate::service::RecordedPage;
use crate::telemetry::recorder::{Contents, Kept, Record, SpansKept, Worth};

/// A page of recorded requests.
#[derive(Serialize, Object)]
#[oai(rename = "TracePage")]
pub(super) struct TracePageBody {
    /// The requests, newest first.
    items: Vec<TraceSummaryBody>,
    /// The cursor of the next page, if there is one.
    #[oai(nullable)]
    next_cursor: Option<String>,
    /// What is recorded in all, and what no longer is; null when nothing is recorded.
    #[oai(nullable)]
    recorder: Option<RecorderBody>,
}

/// A request that was recorded.
#[derive(Serialize, Object)]
#[oai(rename = "TraceSummary")]
struct TraceSummaryBody {
    /// The W3C id of its trace.
    trace_id: String,
    /// When it came.
    started_at: Time,
    /// How long it took, in milliseconds.
    duration_ms: f64,
    /// Its method.
    method: String,
    /// The pattern of its path; null without a route.
    #[oai(nullable)]
    route: Option<String>,
    /// What it asked for; null for what has no name.
    #[oai(nullable)]
    operation: Option<String>,
    /// The status of the answer; 499 when the client left before it.
    #[oai(validator(minimum(value = "100"), maximum(value = "599")))]
    status: u16,
    /// What kind of failure it was; null without one.
    #[oai(nullable)]
    error_type: Option<String>,
    /// The workspace it was about, if it was about one.
    #[oai(nullable)]
    workspace_id: Option<Uuid>,
    /// Whether the caller was allowed to do this in that workspace.
    authorised: bool,
    /// How long its write waited for the writer, in milliseconds; null without a write.
    #[oai(nullable)]
    queue_ms: Option<f64>,
    /// How long the commit took.
    #[oai(nullable)]
    commit_ms: Option<f64>,
    /// How many writes shared the commit.
    #[oai(nullable)]
    group_size: Option<u32>,
    /// How long it waited for the search index to know of every write before; null without a search.
    #[oai(nullable)]
    index_wait_ms: Option<f64>,
    /// Whether all spans of the trace are there.
    has_spans: bool,
}

/// What is recorded, and what no longer is.
#[derive(Serialize, Object)]
#[oai(rename = "Recorder")]
struct RecorderBody {
    /// Since when requests are recorded.
    since: Time,
    /// Requests with a status of 500 or more, or an answer that was broken off.
    failures: KeptBody,
    /// Requests with a status of 400 to 499.
    refusals: KeptBody,
    /// The slowest requests of each route in an hour.
    slowest: KeptBody,
    /// A sample of all others: the newer, the more of them.
    others: KeptBody,
    /// Traces with all their spans.
    spans: SpansBody,
}

/// How many there are.
#[derive(Serialize, Object)]
#[oai(rename = "Recorded")]
pub(in crate::http::api) struct KeptBody {
    /// How many are kept.
    kept: u64,
    /// How many are no longer.
    dropped: u64,
    /// All that came later than this are kept.
    complete_since: Time,
}

/// How many spans there are.
#[derive(Serialize, Object)]
#[oai(rename = "RecordedSpans")]
struct SpansBody {
    /// How many traces have their spans.
    traces: u64,
    /// How many spans are kept.
    kept: u64,
    /// How many are no longer.
    dropped: u64,
}

/// A trace as an OTLP message (`ExportTraceServiceRequest`), which Jaeger and other tools load.
#[derive(Serialize, Object)]
#[oai(rename = "Trace")]
pub(super) struct TraceBody {
    /// Its spans, by resource and scope.
    #[serde(rename = "resourceSpans")]
    #[oai(rename = "resourceSpans")]
    resource_spans: Vec<BTreeMap<String, Value>>,
}

impl TraceBody {
    pub(super) fn new(message: &Value) -> Self {
        let spans = message["resourceSpans"].as_array().into_iter().flatten().filter_map(Value::as_object);
        let spans = spans.map(|it| it.iter().map(|(key, value)| (key.clone(), value.clone())).collect());
        Self { resource_spans: spans.collect() }
    }
}

impl TracePageBody {
    pub(super) fn new(page: &RecordedPage, next_cursor: Option<String>) -> Self {
        let items = page.records.iter().map(|(record, has_spans)| TraceSummaryBody::new(record, *has_spans));
        Self { items: items.collect(), next_cursor, recorder: page.contents.as_ref().map(RecorderBody::from) }
    }
}

impl TraceSummaryBody {
    fn new(record: &Record, has_spans: bool) -> Self {
        let (write, search) = (record.stages.write, record.stages.search);
        let operation = record.operation.map(Operation::span_name).filter(|name| !name.is_empty());
        Self {
            trace_id: hex(&record.trace),
            started_at: time(record.started),
            duration_ms: record.elapsed as f64 / 1e6,
            method: record.method().to_owned(),
            route: record.route().map(str::to_owned),
            operation: operation.map(str::to_owned),
            status: record.status,
            error_type: record.error.map(str::to_owned),
            workspace_id: record.tenant.map(TenantId::as_uuid),
            authorised: record.is_authorised,
            queue_ms: write.map(|it| milliseconds(it.queued)),
            commit_ms: write.map(|it| milliseconds(it.commit)),
            group_size: write.map(|it| it.group),
            index_wait_ms: search.map(|it| milliseconds(it.waited)),
            has_spans,
        }
    }
}

impl KeptBody {
    /// Of what was kept since then, in nanoseconds since 1970.
    pub(in crate::http::api) fn new(of: Kept, since: u64) -> Self {
        let Kept { kept, dropped, all_since } = of;
        Self { kept, dropped, complete_since: time(all_since.unwrap_or(since)) }
    }
}

impl From<&Contents> for RecorderBody {
    fn from(contents: &Contents) -> Self {
        let of = |wanted: Worth| {
            let found = contents.records.iter().find(|(worth, _)| *worth == wanted);
            KeptBody::new(found.map(|(_, kept)| *kept).unwrap_or_default(), contents.since)
        };
        let SpansKept { traces, kept, dropped } = contents.spans;
        Self {
            since: time(contents.since),
            failures: of(Worth::Failure),
            refusals: of(Worth::Refusal),
            slowest: of(Worth::Slow),
            others: of(Worth::Other),
            spans: SpansBody { traces, kept, dropped },
        }
    }
}

/// The digits of an id.
pub(in crate::http::api) fn hex(id: &[u8; 16]) -> String {
    let mut text = String::with_capacity(32);
    push_hex(&mut text, id);
    text
}

pub(super) fn milliseconds(micros: u32) -> f64 {
    f64::from(micros) / 1e3
}

/// A time in nanoseconds since 1970.
pub(in crate::http::api) fn time(nanoseconds: u64) -> Time {
    let micros = i64::try_from(nanoseconds / 1000).unwrap_or(i64::MAX);
    Time(Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX))
}
