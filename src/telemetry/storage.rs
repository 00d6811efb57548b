//! Storage spans and metrics. A storage call has nothing inside it that is traced, so its span is made when it has
//! ended, with the times it had.

use std::time::Duration;

use opentelemetry::trace::{Span, SpanBuilder, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};
use opentelemetry_semantic_conventions::attribute;

use super::recorder::{WriteStage, micros};
use super::{Telemetry, with_facts};

/// One finished call to the database.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StorageCall {
    /// The database, by its name in the conventions: `redb`, `postgresql`.
    pub system: &'static str,
    /// What was done: `get`, `insert`, …
    pub operation: &'static str,
    /// To which table.
    pub collection: &'static str,
    /// From the call to the answer.
    pub elapsed: Duration,
    /// Rows returned or written.
    pub rows: usize,
    /// Whether the database failed.
    pub failed: bool,
    /// For writes.
    pub write: Option<StorageWrite>,
}

/// What a write spent its time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageWrite {
    /// Waiting for the writer.
    pub queued: Duration,
    /// In the commit.
    pub commit: Duration,
    /// How many writes the commit carried.
    pub group_size: usize,
}

impl Telemetry {
    /// Records a commit that has just ended.
    pub fn storage_committed(&self, elapsed: Duration, group_size: usize) {
        self.metrics.storage_committed(elapsed, group_size);
        if let Some(history) = &self.history {
            history.committed(elapsed, group_size);
        }
    }

    /// Records a storage call that has just ended on this task.
    pub fn storage_call(&self, call: &StorageCall) {
        self.metrics.storage_call(call);
        if let Some(write) = call.write {
            if let Some(history) = &self.history {
                history.write_waited(write.queued);
            }
            with_facts(|facts| {
                facts.notes.wrote(WriteStage {
                    at: facts.place(call.elapsed),
                    took: micros(call.elapsed),
                    queued: micros(write.queued),
                    commit: micros(write.commit),
                    group: u32::try_from(write.group_size).unwrap_or(u32::MAX),
                });
            });
        }
        // A file is of this process; anything else is asked over a network.
        let kind = if call.system == "redb" { SpanKind::Internal } else { SpanKind::Client };
        self.ended_call(kind, (call.operation, call.collection), call.elapsed, call.failed, || attributes(call));
    }

    /// A span for a call that has just ended on this task, by the conventions for databases.
    pub(super) fn ended_call(
        &self,
        kind: SpanKind,
        (operation, collection): (&str, &str),
        elapsed: Duration,
        failed: bool,
        attributes: impl FnOnce() -> Vec<KeyValue>,
    ) {
        let Some(tracer) = &self.tracer else { return };
        Context::map_current(|context| {
            if !context.span().is_recording() {
                return;
            }
            let end = opentelemetry::time::now();
            let builder = SpanBuilder::from_name(format!("{operation} {collection}"))
                .with_kind(kind)
                .with_start_time(end - elapsed)
                .with_attributes(attributes());
            let mut span = tracer.build_with_context(builder, context);
            if failed {
                span.set_attribute(KeyValue::new(attribute::ERROR_TYPE, "storage"));
                span.set_status(Status::error("the database failed"));
            }
            span.end_with_timestamp(end);
        });
    }
}

fn attributes(call: &StorageCall) -> Vec<KeyValue> {
    let mut attributes = vec![
        KeyValue::new(attribute::DB_SYSTEM_NAME, call.system),
        KeyValue::new(attribute::DB_OPERATION_NAME, call.operation),
        KeyValue::new(attribute::DB_COLLECTION_NAME, call.collection),
    ];
    match call.write {
        None => attributes.push(KeyValue::new(attribute::DB_RESPONSE_RETURNED_ROWS, count(call.rows))),
        Some(write) => attributes.extend([
            KeyValue::new("ghostworks.storage.queue_seconds", write.queued.as_secs_f64()),
            KeyValue::new("ghostworks.storage.commit_seconds", write.commit.as_secs_f64()),
            KeyValue::new("ghostworks.storage.group_size", count(write.group_size)),
        ]),
    }
    attributes
}

pub(super) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
