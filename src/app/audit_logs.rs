//! The audit log as a follower of the change log: what is new is sent to a collector, and waits in the database until that has
//! taken it. How far it is outlives the process, so that each entry is sent once.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::domain::{ChangeBatch, LogPosition};
use crate::followers::{Every, Failure, Follower, Next, catch_up};
use crate::store::{Store, StoreError};
use crate::telemetry::{AuditLog, Telemetry};
use crate::whole_file;

/// The file in the data directory that says how far it is.
const FILE: &str = "audit-log-sent";

/// Sends the audit log.
pub(super) struct AuditLogs {
    shared: Arc<Shared>,
    due: Every,
}

struct Shared {
    telemetry: Arc<Telemetry>,
    store: Arc<dyn Store>,
    path: PathBuf,
    /// How far it is; none when that is to be found out.
    sent: Mutex<Option<LogPosition>>,
    /// Held while entries are sent.
    sending: tokio::sync::Mutex<()>,
}

impl AuditLogs {
    /// The follower, if it is asked for: it goes on where the last one in this data directory ended, or else begins now.
    pub async fn open(telemetry: &Arc<Telemetry>, store: &Arc<dyn Store>, data_dir: &Path) -> Option<Self> {
        let due = Every::new(telemetry.audit_log()?.every());
        let (telemetry, store, path) = (telemetry.clone(), store.clone(), data_dir.join(FILE));
        let shared = Shared { telemetry, store, path, sent: Mutex::default(), sending: tokio::sync::Mutex::default() };
        let follower = Self { shared: Arc::new(shared), due };
        match follower.shared.known() {
            Ok(Some(sent)) => follower.shared.set(sent),
            // What fails is tried again by the first turn, and reported.
            Ok(None) => drop(follower.start_again().await),
            Err(error) => {
                tracing::warn!(%error, "how far the audit log was sent can't be read; it goes on from now");
                drop(follower.start_again().await);
            }
        }
        Some(follower)
    }
}

impl Shared {
    /// How far the last one was, if it followed the history that the database has now.
    fn known(&self) -> io::Result<Option<LogPosition>> {
        let text = match std::fs::read_to_string(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        let (history, position) = text.trim().split_once(' ').ok_or_else(|| io::Error::other("it is damaged"))?;
        let position = position.parse().map_err(io::Error::other)?;
        Ok((history == self.store.history().to_string()).then_some(position))
    }

    /// Notes how far it is.
    fn note(&self, sent: LogPosition) -> Result<(), Failure> {
        self.set(sent);
        let text = format!("{} {sent}\n", self.store.history());
        whole_file::write(&self.path, text.as_bytes())
            .map_err(|error| Failure::new("how far the audit log was sent can't be written down", error))
    }

    fn set(&self, sent: LogPosition) {
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner) = Some(sent);
    }

    fn sent(&self) -> Option<LogPosition> {
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends entries, and notes that.
    async fn send(&self, batch: ChangeBatch) -> Result<Option<LogPosition>, Failure> {
        let _sending = self.sending.lock().await;
        if batch.has_gaps {
            tracing::warn!("entries of the audit log were not sent: they are damaged, or were removed before");
        }
        if !batch.changes.is_empty() {
            let sent = self.way()?.send(&batch.changes).await;
            sent.map_err(|error| Failure::new("the collector did not take the audit log", error))?;
        }
        self.note(batch.end)?;
        Ok(batch.has_more.then_some(batch.end))
    }

    fn way(&self) -> Result<&AuditLog, Failure> {
        self.telemetry.audit_log().ok_or_else(|| Failure::new("the audit log can't be sent", "it is not asked for"))
    }
}

fn unread(error: StoreError) -> Failure {
    Failure::new("the database can't be read for the audit log", error)
}

#[async_trait]
impl Follower for AuditLogs {
    type Position = LogPosition;
    type Batch = ChangeBatch;

    fn name(&self) -> &'static str {
        "audit_logs"
    }

    async fn due(&self) {
        self.due.due().await;
    }

    async fn position(&self) -> Result<Option<LogPosition>, Failure> {
        Ok(self.shared.sent())
    }

    async fn read(&self, after: LogPosition) -> Result<Next<ChangeBatch>, Failure> {
        let batch = self.shared.store.changes(after, self.shared.way()?.at_once()).await.map_err(unread)?;
        Ok(if batch.end == after { Next::Nothing } else { Next::Batch(batch) })
    }

    async fn apply(&self, batch: ChangeBatch) -> Result<Option<LogPosition>, Failure> {
        let shared = self.shared.clone();
        // In a task of its own: dropped in the middle, nobody would know whether it was taken.
        let sent = tokio::spawn(async move { shared.send(batch).await }).await;
        sent.unwrap_or_else(|stopped| Err(Failure::new("the audit log was not sent", stopped)))
    }

    /// From now on: what was before is of another history, or was before it was asked for.
    async fn start_again(&self) -> Result<(), Failure> {
        let newest = self.shared.store.newest_change(None).await.map_err(unread)?;
        self.shared.note(newest)
    }

    /// What was written last is sent, too, as far as the collector takes it in time.
    async fn finish(&self) -> Result<(), Failure> {
        let last = async {
            drop(self.shared.sending.lock().await);
            catch_up(self).await
        };
        match tokio::time::timeout(self.shared.way()?.patience(), last).await {
            Ok(done) => done,
            // It is sent after the next start.
            Err(_) => Ok(()),
        }
    }
}
