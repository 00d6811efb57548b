//! How a message to a collector is written, and what becomes of it.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;

/// How a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// In protobuf.
    Protobuf,
    /// In JSON.
    Json,
}

/// A collector's answer to a message it took.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    /// Items that it did not take after all.
    pub rejected: u64,
    /// Why, or a warning.
    pub message: String,
}

impl From<ExportTraceServiceResponse> for Taken {
    /// The answers for all signals have the same fields.
    fn from(answer: ExportTraceServiceResponse) -> Self {
        let partial = answer.partial_success.unwrap_or_default();
        Self { rejected: u64::try_from(partial.rejected_spans).unwrap_or(0), message: partial.error_message }
    }
}

/// Why a message was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Another attempt may be worth it, when so much time has passed.
    Transient {
        /// What was wrong.
        reason: String,
        /// How long the collector asks to wait.
        wait: Duration,
    },
    /// It is too large for the collector.
    TooLarge(String),
    /// It would be refused again.
    Permanent(String),
}
