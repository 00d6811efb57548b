//! A background task, and why a turn of it failed.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

/// How long the pause after many failures is, unless a task says otherwise.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Work that is repeated for as long as the server runs.
#[async_trait]
pub trait Task: Send + Sync + 'static {
    /// Its name in the log, in metrics and in the health report. One of a fixed set.
    fn name(&self) -> &'static str;

    /// Waits until there is something to do, and does it. The next turn begins when it returns, after a pause if it
    /// failed. Dropped in the middle when the server stops.
    async fn turn(&self) -> Result<(), Failure>;

    /// What remains to be done when the server stops, after the last turn of every task.
    async fn finish(&self) -> Result<(), Failure> {
        Ok(())
    }

    /// The longest pause after failures. Zero for a task whose next turn has nothing to do with the last.
    fn longest_pause(&self) -> Duration {
        LONGEST_PAUSE
    }
}

/// Why a turn failed.
#[derive(Debug)]
pub struct Failure {
    what: &'static str,
    cause: Box<dyn Error + Send + Sync>,
}

impl Failure {
    /// `what` is for everyone; `cause` is for the log alone, as it may name files and hosts.
    pub fn new(what: &'static str, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { what, cause: cause.into() }
    }

    /// What failed, in words for everyone.
    pub fn what(&self) -> &'static str {
        self.what
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.cause)
    }
}
