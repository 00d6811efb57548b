//! The parts of one request, out of the spans of its trace.

use std::collections::HashSet;
use std::time::Duration;

use opentelemetry::trace::SpanId;
use opentelemetry::{Array, Value};
use opentelemetry_sdk::trace::SpanData;

use super::record::Record;

/// A part of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    /// What was done.
    pub name: String,
    /// When it began, after the request did.
    pub at: Duration,
    /// How long it took.
    pub took: Duration,
    /// What its span says besides.
    pub attributes: Vec<(String, serde_json::Value)>,
}

/// The spans below the server span of a request, the first to begin first.
pub(super) fn of(record: &Record, spans: &[SpanData]) -> Vec<Part> {
    let server = SpanId::from(u64::from_be_bytes(record.span));
    let Some(began) = spans.iter().find(|span| span.span_context.span_id() == server).map(|span| span.start_time)
    else {
        return Vec::new();
    };
    let mut own = HashSet::from([server]);
    // What ended last is nearest to the server span.
    let below: Vec<&SpanData> = spans
        .iter()
        .rev()
        .filter(|span| own.contains(&span.parent_span_id) && own.insert(span.span_context.span_id()))
        .collect();
    let mut parts: Vec<Part> = below
        .into_iter()
        .map(|span| Part {
            name: span.name.clone().into_owned(),
            at: span.start_time.duration_since(began).unwrap_or_default(),
            took: span.end_time.duration_since(span.start_time).unwrap_or_default(),
            attributes: span.attributes.iter().map(|it| (it.key.to_string(), json(&it.value))).collect(),
        })
        .collect();
    parts.sort_by_key(|part| (part.at, std::cmp::Reverse(part.took)));
    parts
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Bool(value) => (*value).into(),
        Value::I64(value) => (*value).into(),
        Value::F64(value) => (*value).into(),
        Value::Array(Array::I64(values)) => values.clone().into(),
        other => other.to_string().into(),
    }
}
