//! Sends batches until they are taken: again after a pause, in parts when one is too large, for as long as an export may
//! take. Says once that it does not work, and once that it works again.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use opentelemetry_http::Bytes;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep, timeout};

use super::batch::Batch;
use super::content::Content;
use super::message::{Refusal, Taken};
use super::transport::Transport;
use crate::telemetry::metrics::Exports;

/// Bytes of a message at most: what receivers of gRPC take unless they are configured otherwise is 4 MiB.
const MAX_MESSAGE: usize = 4 * 1024 * 1024 - 64 * 1024;

/// The first pause before another attempt, and the longest one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// One attempt.
    pub attempt: Duration,
    /// An export, with all its attempts.
    pub export: Duration,
}

/// The way of one signal to its collector.
#[derive(Clone)]
pub(super) struct Sender {
    shared: Arc<Shared>,
    /// Where it works, for the exporting threads of the SDK have no runtime.
    runtime: Handle,
}

struct Shared {
    transport: Transport,
    content: Content,
    endpoint: String,
    patience: Patience,
    exports: Arc<Exports>,
    is_failing: AtomicBool,
    is_rejection_reported: AtomicBool,
}

impl Sender {
    /// Sends `content` by `transport` to `endpoint`, and counts what becomes of it. Must be made on a runtime.
    pub(super) fn new(
        transport: Transport,
        content: Content,
        endpoint: &str,
        patience: Patience,
        exports: Arc<Exports>,
    ) -> Self {
        let shared = Shared {
            transport,
            content,
            endpoint: without_credentials(endpoint),
            patience,
            exports,
            is_failing: AtomicBool::new(false),
            is_rejection_reported: AtomicBool::new(false),
        };
        Self { shared: Arc::new(shared), runtime: Handle::current() }
    }

    /// Sends a batch until it is taken, or given up.
    pub(super) async fn send(&self, batch: impl Batch) -> OTelSdkResult {
        let shared = self.shared.clone();
        let sent = self.runtime.spawn(async move { shared.send(batch).await }).await;
        sent.unwrap_or_else(|stopped| Err(OTelSdkError::InternalFailure(stopped.to_string())))
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sender({})", self.shared.endpoint)
    }
}

impl Shared {
    async fn send(&self, batch: impl Batch) -> OTelSdkResult {
        let (items, began) = (batch.len(), Instant::now());
        let deadline = began + self.patience.export;
        let (mut lost, mut problem) = (0, None);
        let mut parts = vec![batch];
        while let Some(mut part) = parts.pop() {
            let message = part.encode(self.transport.format());
            let outcome = if message.len() > MAX_MESSAGE && part.len() > 1 {
                Err(Refusal::TooLarge(String::new()))
            } else {
                self.attempts(message, deadline).await
            };
            let is_too_large = matches!(outcome, Err(Refusal::TooLarge(_)));
            if is_too_large && let Some(second) = part.split() {
                parts.extend([second, part]);
                continue;
            }
            match outcome {
                Ok(taken) => lost += self.look_at(&taken, part.len()),
                Err(Refusal::Transient { reason, .. } | Refusal::TooLarge(reason) | Refusal::Permanent(reason)) => {
                    self.fails(&reason);
                    lost += part.len();
                    problem = Some(reason);
                }
            }
        }
        self.exports.ended(items - lost, lost, began.elapsed());
        problem.map_or(Ok(()), |reason| Err(OTelSdkError::InternalFailure(reason)))
    }

    /// Sends a message until it is taken, refused for good, or late.
    async fn attempts(&self, message: Bytes, deadline: Instant) -> Result<Taken, Refusal> {
        let mut pauses = ExponentialBuilder::new()
            .with_min_delay(FIRST_PAUSE)
            .with_max_delay(LONGEST_PAUSE)
            .without_max_times()
            .with_jitter()
            .build();
        let mut is_first = true;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let attempt = timeout(self.patience.attempt.min(left), self.transport.send(message.clone()));
            let (reason, wait) = match attempt.await {
                Ok(Ok(taken)) => {
                    self.works();
                    return Ok(taken);
                }
                Ok(Err(Refusal::Transient { reason, wait })) => (reason, wait),
                Ok(Err(refusal)) => return Err(refusal),
                Err(_) => {
                    self.transport.reconnect();
                    ("no answer came in time".to_owned(), Duration::ZERO)
                }
            };
            // A connection that was idle may have been closed at its other end: once is no failure yet.
            if !std::mem::take(&mut is_first) {
                self.fails(&reason);
            }
            let pause = pauses.next().unwrap_or(LONGEST_PAUSE).max(wait);
            if Instant::now() + pause >= deadline {
                return Err(Refusal::Transient { reason, wait });
            }
            sleep(pause).await;
        }
    }

    /// Reports once what a collector rejects of what it takes, and counts it.
    fn look_at(&self, taken: &Taken, items: usize) -> usize {
        if (taken.rejected > 0 || !taken.message.is_empty())
            && !self.is_rejection_reported.swap(true, Ordering::Relaxed)
        {
            let (name, endpoint) = (self.content.name(), &self.endpoint);
            let Taken { rejected, message } = taken;
            tracing::warn!(
                endpoint,
                rejected,
                reason = message,
                "the collector does not take all {name}; what it rejects is counted, and not reported again"
            );
        }
        usize::try_from(taken.rejected).unwrap_or(usize::MAX).min(items)
    }

    fn fails(&self, error: &str) {
        self.exports.fails();
        if !self.is_failing.swap(true, Ordering::Relaxed) {
            let (name, endpoint) = (self.content.name(), &self.endpoint);
            tracing::warn!(endpoint, error, "no collector takes the {name}: {}", self.content.without_collector());
        }
    }

    fn works(&self) {
        if self.is_failing.swap(false, Ordering::Relaxed) {
            let (name, endpoint) = (self.content.name(), &self.endpoint);
            tracing::info!(endpoint, "the collector takes the {name} again");
        }
    }
}

/// An endpoint as it may be logged: without user and password.
pub(super) fn without_credentials(endpoint: &str) -> String {
    match (endpoint.split_once("://"), endpoint.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        _ => endpoint.to_owned(),
    }
}
