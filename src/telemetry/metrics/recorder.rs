//! What the flight recorder has, and what it dropped.

use std::sync::Arc;

use opentelemetry::metrics::Meter;

use super::observable::{ReadFigures, gauges, totals};
use crate::telemetry::recorder::{Contents, Recorder};

/// Lets its figures be read.
pub(in crate::telemetry) fn register_recorder(meter: &Meter, recorder: &Arc<Recorder>) {
    let recorder = recorder.clone();
    let read: ReadFigures<Contents> = Arc::new(move || Some(recorder.contents()));
    gauges(
        meter,
        &[
            ("telemetry_recorder_requests", "{request}", "Requests that the flight recorder has.", |it: &Contents| {
                Some(it.records.iter().map(|(_, it)| it.kept).sum::<u64>() as f64)
            }),
            ("telemetry_recorder_spans", "{span}", "Spans that the flight recorder has.", |it| {
                Some(it.spans.kept as f64)
            }),
        ],
        &read,
    );
    totals(
        meter,
        &[
            (
                "telemetry_recorder_requests_dropped",
                "{request}",
                "Requests that the flight recorder had no room for, or no longer.",
                |it: &Contents| it.records.iter().map(|(_, it)| it.dropped).sum(),
            ),
            (
                "telemetry_recorder_spans_dropped",
                "{span}",
                "Spans that the flight recorder had, and no longer has room for.",
                |it| it.spans.dropped,
            ),
        ],
        &read,
    );
}
