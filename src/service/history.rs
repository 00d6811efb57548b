//! What the server remembers of its last hour and of its log, for operators.

use super::{Error, Service};
use crate::offload::offload;
use crate::telemetry::history::Hour;
use crate::telemetry::logs::{self, FoundLines, WantedLines};
use crate::telemetry::{Operation, Subject};

impl Service {
    /// What happened in the last hour; none when nothing is recorded. For operators alone.
    pub async fn last_hour(&self) -> Result<Option<Hour>, Error> {
        let work = async {
            let Some(history) = self.telemetry.history().cloned() else { return Ok(None) };
            Ok(Some(offload(move || history.read()).await))
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
