//! What is sent: a signal, or the audit log, which goes where logs go.

use crate::config::Signal;

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::telemetry) enum Content {
    /// All of a signal.
    Signal(Signal),
    /// The audit log.
    AuditLog,
}

impl From<Signal> for Content {
    fn from(signal: Signal) -> Self {
        Self::Signal(signal)
    }
}

impl Content {
    /// The signal that it is of.
    pub fn signal(self) -> Signal {
        match self {
            Self::Signal(signal) => signal,
            Self::AuditLog => Signal::Logs,
        }
    }

    /// What it is called in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Signal(signal) => signal.as_str(),
            Self::AuditLog => "audit log",
        }
    }

    /// What becomes of it without a collector, and what can be done.
    pub fn without_collector(self) -> String {
        let choice = match self {
            Self::Signal(signal) => format!("OTEL_{}_EXPORTER=none", signal.as_str().to_ascii_uppercase()),
            Self::AuditLog => "telemetry.audit_logs=false".to_owned(),
        };
        let waiting = match self {
            Self::Signal(_) => "they wait while there is room, and the rest is dropped",
            Self::AuditLog => "its entries wait in the database",
        };
        format!(
            "{waiting}; requests are not affected. Set OTEL_EXPORTER_OTLP_ENDPOINT to a collector, or {choice} for none"
        )
    }
}
