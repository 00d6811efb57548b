//! How the way to the collector is: what became of the spans, and whether the collector says that it is well.

use std::time::{Duration, Instant, SystemTime};

use opentelemetry_http::{Bytes, Request};
use tokio::sync::Mutex;

use super::Telemetry;

/// How long an answer of the collector's is good for: everyone who asks meanwhile gets the same.
const FRESH: Duration = Duration::from_secs(1);

/// How long the collector may take to answer.
const TIMEOUT: Duration = Duration::from_secs(1);

/// How the export of one signal does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignalHealth {
    /// Items that the collector took.
    pub exported: u64,
    /// Items that found the queue full.
    pub dropped: u64,
    /// Items that the collector did not take.
    pub failed: u64,
    /// Items that wait.
    pub waiting: usize,
    /// When the collector last took some.
    pub last_success: Option<SystemTime>,
    /// Whether attempts fail, or something was lost since the last export that was taken whole.
    pub is_failing: bool,
}

/// How the export of telemetry does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportHealth {
    /// Of spans.
    pub traces: SignalHealth,
    /// Of points of metrics.
    pub metrics: SignalHealth,
    /// Of log records.
    pub logs: SignalHealth,
    /// Whether the collector says that it is well; none when nobody knows where to ask.
    pub collector_is_well: Option<bool>,
}

impl ExportHealth {
    /// Whether nothing is known to be wrong.
    pub fn is_well(&self) -> bool {
        let signals = [self.traces, self.metrics, self.logs];
        signals.iter().all(|signal| !signal.is_failing) && self.collector_is_well != Some(false)
    }
}

/// Where the collector reports its health, and what it last said.
pub(super) struct CollectorHealth {
    url: String,
    last: Mutex<Option<(Instant, bool)>>,
}

impl CollectorHealth {
    /// To be asked at `url`.
    pub(super) fn new(url: String) -> Self {
        Self { url, last: Mutex::default() }
    }

    /// Asks, unless that was done just now. One asks at a time, and the others get the same answer.
    async fn ask(&self, telemetry: &Telemetry) -> bool {
        let mut last = self.last.lock().await;
        match *last {
            Some((at, is_well)) if at.elapsed() < FRESH => is_well,
            Some(_) | None => {
                let is_well = match Request::get(&self.url).body(Bytes::new()) {
                    Ok(request) => {
                        let answer = telemetry.call(request, TIMEOUT).await;
                        answer.is_ok_and(|answer| answer.status().is_success() || answer.status().is_redirection())
                    }
                    Err(_) => false,
                };
                *last = Some((Instant::now(), is_well));
                is_well
            }
        }
    }
}

impl Telemetry {
    /// How the export of telemetry does. Asks the collector, if it is known where.
    pub async fn export_health(&self) -> ExportHealth {
        let collector_is_well = match &self.collector {
            Some(collector) => Some(collector.ask(self).await),
            None => None,
        };
        ExportHealth { collector_is_well, ..self.exports.health() }
    }
}
