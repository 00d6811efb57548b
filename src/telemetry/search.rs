//! Spans and metrics of the search index, which is a database too.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::SpanKind;
use opentelemetry_semantic_conventions::attribute;

use super::recorder::{LookupStage, micros};
use super::storage::count;
use super::{Telemetry, with_facts};

const OPERATION: &str = "search";
const COLLECTION: &str = "artifacts";

/// One finished look into the search index.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SearchCall {
    /// Waiting until the index knew of every write before.
    pub waited: Duration,
    /// Looking into it.
    pub elapsed: Duration,
    /// What was found.
    pub rows: usize,
    /// Whether it could not be looked into.
    pub failed: bool,
}

impl Telemetry {
    /// Records a look into the search index that has just ended on this task.
    pub fn search_call(&self, call: &SearchCall) {
        if !call.failed {
            self.metrics.search_queried(call.elapsed);
        }
        if let Some(history) = &self.history {
            history.search_waited(call.waited);
        }
        let took = call.waited + call.elapsed;
        with_facts(|facts| {
            facts.notes.searched(LookupStage {
                at: facts.place(took),
                took: micros(took),
                waited: micros(call.waited),
            });
        });
        self.ended_call(SpanKind::Internal, (OPERATION, COLLECTION), took, call.failed, || {
            vec![
                KeyValue::new(attribute::DB_SYSTEM_NAME, "tantivy"),
                KeyValue::new(attribute::DB_OPERATION_NAME, OPERATION),
                KeyValue::new(attribute::DB_COLLECTION_NAME, COLLECTION),
                KeyValue::new(attribute::DB_RESPONSE_RETURNED_ROWS, count(call.rows)),
                KeyValue::new("ghostworks.search.wait_seconds", call.waited.as_secs_f64()),
            ]
        });
    }
}
