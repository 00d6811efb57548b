//! What is kept of a trace as an OTLP message in JSON, which other tools load.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use opentelemetry_semantic_conventions::attribute;

use super::record::Record;
use crate::telemetry::resource::scope;

/// The message with these spans.
pub(super) fn message(spans: Vec<SpanData>, resource: &Resource) -> Option<serde_json::Value> {
    let resource_spans = group_spans_by_resource_and_scope(spans, &resource.into());
    serde_json::to_value(ExportTraceServiceRequest { resource_spans }).ok()
}

/// A record as spans: that of the server, and below it those of what its time was spent on.
pub(super) fn spans(record: &Record) -> Vec<SpanData> {
    let server = server(record);
    let part = |number: u64, parent: u64, name: &'static str, from: u32, took: u32, attributes: Vec<KeyValue>| {
        let start = server.start_time + micros(from);
        let parent = id(record, parent);
        SpanData {
            parent_span_id: parent,
            span_kind: SpanKind::Internal,
            ..span(record, id(record, number), name, start, start + micros(took), attributes)
        }
    };
    let mut spans = vec![server.clone()];
    if let Some(it) = record.stages.write {
        let group = KeyValue::new("ghostworks.storage.group_size", i64::from(it.group));
        spans.push(part(1, 0, "write", it.at, it.took, vec![group]));
        spans.push(part(2, 1, "queue wait", it.at, it.queued, Vec::new()));
        spans.push(part(
            3,
            1,
            "commit",
            it.at.saturating_add(it.took.saturating_sub(it.commit)),
            it.commit,
            Vec::new(),
        ));
    }
    if let Some(it) = record.stages.search {
        spans.push(part(4, 0, "search", it.at, it.took, Vec::new()));
        spans.push(part(5, 4, "index wait", it.at, it.waited, Vec::new()));
    }
    spans
}

fn server(record: &Record) -> SpanData {
    let start = UNIX_EPOCH + Duration::from_nanos(record.started);
    let attributes = [
        Some(KeyValue::new(attribute::HTTP_REQUEST_METHOD, record.method())),
        record.route().map(|route| KeyValue::new(attribute::HTTP_ROUTE, route)),
        Some(KeyValue::new(attribute::HTTP_RESPONSE_STATUS_CODE, i64::from(record.status))),
        record.tenant.map(|tenant| KeyValue::new("tenant.id", tenant.to_string())),
        record.error.map(|error| KeyValue::new(attribute::ERROR_TYPE, error)),
    ];
    let end = start + Duration::from_nanos(record.elapsed);
    let mut server = span(record, id(record, 0), record.name, start, end, attributes.into_iter().flatten().collect());
    if record.status >= 500 {
        server.status = Status::error(record.error.unwrap_or("server error"));
    }
    server
}

/// The id of the server span, or of one below it: made from it, so that it is the same each time.
fn id(record: &Record, number: u64) -> SpanId {
    SpanId::from(u64::from_be_bytes(record.span).wrapping_add(number))
}

fn span(
    record: &Record,
    id: SpanId,
    name: &'static str,
    start_time: SystemTime,
    end_time: SystemTime,
    attributes: Vec<KeyValue>,
) -> SpanData {
    let trace = TraceId::from_bytes(record.trace);
    SpanData {
        span_context: SpanContext::new(trace, id, TraceFlags::default(), false, TraceState::NONE),
        parent_span_id: SpanId::INVALID,
        parent_span_is_remote: false,
        span_kind: SpanKind::Server,
        name: name.into(),
        start_time,
        end_time,
        attributes,
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: scope(),
    }
}

fn micros(number: u32) -> Duration {
    Duration::from_micros(number.into())
}
