//! Settings that change while the server runs, for operators.

use std::sync::Arc;

use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;

use super::{Error, Operator, Service};
use crate::telemetry::logs::{self, LogLevel};
use crate::telemetry::{Operation, Subject};

/// What came of reading the configuration again, by the keys of settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// What has changed.
    pub changed: Vec<String>,
    /// What would, after a restart.
    pub needs_restart: Vec<String>,
    /// What the file says without effect, each with the variable or flag that is stronger.
    pub pinned: Vec<(String, String)>,
}

/// A setting, as it is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its key.
    pub key: String,
    /// Its value, as TOML has it; a secret is masked.
    pub value: String,
    /// Where that came from: the file, a variable, a flag, or nowhere, which is the default.
    pub origin: String,
}

/// Where the answer to a request goes: what has changed, or everything that is wrong with the configuration.
type ReloadReply = oneshot::Sender<Result<Reloaded, Vec<String>>>;

/// Where it is asked for that the configuration is read again.
pub struct ReloadDesk(Sender<ReloadReply>);

/// The other end of a [`ReloadDesk`].
pub struct ReloadRequests(Receiver<ReloadReply>);

impl ReloadDesk {
    /// A desk, and the end that answers.
    pub fn new() -> (Self, ReloadRequests) {
        let (sender, receiver) = channel(1);
        (Self(sender), ReloadRequests(receiver))
    }
}

impl ReloadRequests {
    /// The next request: where its answer goes.
    pub async fn next(&mut self) -> Option<ReloadReply> {
        self.0.recv().await
    }
}

impl Service {
    /// The configuration that is in force.
    pub async fn configuration(&self, _: &Operator) -> Result<Arc<Vec<Setting>>, Error> {
        let settings = async { Ok(self.configuration.load_full()) };
        self.telemetry.observe(Operation::SystemConfiguration, Subject::default(), settings).await
    }

    /// Reads the configuration again. What is refused changes nothing.
    pub async fn reload(&self, _: &Operator) -> Result<Reloaded, Error> {
        let gone = || Error::Internal("nobody reads the configuration again".to_owned());
        self.telemetry
            .observe(Operation::SystemReload, Subject::default(), async {
                let (answer, answered) = oneshot::channel();
                self.desk.0.send(answer).await.map_err(|_| gone())?;
                answered.await.map_err(|_| gone())?.map_err(Error::ConfigRefused)
            })
            .await
    }

    /// The least important lines that are logged.
    pub async fn log_level(&self, _: &Operator) -> Result<LogLevel, Error> {
        let level = async { Ok(logs::level()) };
        self.telemetry.observe(Operation::SystemLogLevel, Subject::default(), level).await
    }

    /// Has lines logged from this level on, until the configuration is read again.
    pub async fn set_log_level(&self, level: LogLevel, _: &Operator) -> Result<LogLevel, Error> {
        self.telemetry
            .observe(Operation::SystemLogLevel, Subject::default(), async {
                logs::set_level(level);
                tracing::info!("lines are logged from {} on", level.as_str());
                Ok(logs::level())
            })
            .await
    }
}
