//! What the server remembers of its last hour and of its log, for operators.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::task::spawn_blocking;

use super::{Error, Service};
use crate::followers::{Failure, Task};
use crate::offload::offload;
use crate::telemetry::history::{History, Hour, STEP};
use crate::telemetry::logs::{self, FoundLines, WantedLines};
use crate::telemetry::{Operation, Subject};

/// The background task that ends the points of the last hour.
pub struct Sampling(Arc<History>);

impl Sampling {
    /// The task for a history.
    pub fn new(history: Arc<History>) -> Self {
        Self(history)
    }
}

#[async_trait]
impl Task for Sampling {
    fn name(&self) -> &'static str {
        "metrics_history"
    }

    async fn turn(&self) -> Result<(), Failure> {
        tokio::time::sleep(STEP).await;
        let history = self.0.clone();
        let ended = spawn_blocking(move || history.end_point()).await;
        ended.map_err(|error| Failure::new("the last hour was not sampled", error))
    }
}

impl Service {
    /// What happened in the last hour; none when nothing is recorded. For operators alone.
    pub async fn last_hour(&self) -> Result<Option<Hour>, Error> {
        let work = async {
            let Some(history) = self.telemetry.history().cloned() else { return Ok(None) };
            // Not among the computations, of which few are at a time: the disk is asked, which may not answer.
            let hour = spawn_blocking(move || history.read()).await;
            hour.map(Some).map_err(|error| Error::Internal(error.to_string()))
        };
        self.telemetry.observe(Operation::SystemHistory, Subject::default(), work).await
    }

    /// A page of the newest log lines that are wanted, newest first, below a place; none when none are kept. For operators alone.
    pub async fn log_lines(
        &self,
        wanted: WantedLines,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Option<FoundLines>, Error> {
        let work = async { Ok(offload(move || logs::newest(&wanted, after, limit)).await) };
        self.telemetry.observe(Operation::SystemLog, Subject::default(), work).await
    }
}
