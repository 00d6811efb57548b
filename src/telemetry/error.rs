//! Why telemetry does not work.

use thiserror::Error;

use crate::config::Signal;

/// Why telemetry can't start.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// An exporter can't be built, most likely because of a file it should read.
    #[error(
        "can't export {} to {endpoint}: {cause}; change telemetry.otlp, or set OTEL_{}_EXPORTER=none",
        .signal.as_str(),
        .signal.as_str().to_ascii_uppercase()
    )]
    Exporter {
        /// What should be exported.
        signal: Signal,
        /// Where that should go.
        endpoint: String,
        /// What the exporter said.
        cause: String,
    },
    /// The service that should say which traces are recorded can't be asked.
    #[error("can't ask {endpoint} which traces to record: {cause}; change telemetry.sampler or telemetry.sampler_arg")]
    Sampler {
        /// Where it should be asked.
        endpoint: String,
        /// Why it can't.
        cause: String,
    },
    /// The metrics can't be collected.
    #[error("can't collect metrics: {0}")]
    Metrics(String),
}
