//! The state of the whole.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{BackupHealth, BackupPlan, Error, LeaseHealth, SearchHealth, Service};
use crate::domain::{Clock, HistoryId, LogPosition, Timestamp};
use crate::followers::TaskHealth;
use crate::store::{Backup, Counts, StoreError, StoreHealth};
use crate::telemetry::{ExportHealth, Operation, Subject};

/// How everything is.
pub struct Health {
    /// The database.
    pub store: StoreHealth,
    /// How long it took to answer.
    pub store_response: Duration,
    /// Whether an operator has writes refused.
    pub is_read_only: bool,
    /// How long the process has been up.
    pub uptime: Duration,
    /// Now.
    pub at: Timestamp,
}

/// How a part is, or the whole, which is as its worst part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// All is well.
    Healthy,
    /// Something needs attention, and requests are served.
    Degraded,
    /// Requests can't be served.
    Unhealthy,
}

impl Condition {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
        }
    }

    /// Degraded if something is wrong: no more, where requests are served without it.
    pub const fn degraded_if(is_wrong: bool) -> Self {
        if is_wrong { Self::Degraded } else { Self::Healthy }
    }
}

impl Health {
    /// How the database is: without it, no request can be served. That it is read-only is not to be forgotten.
    pub fn condition(&self) -> Condition {
        match self.trouble() {
            Some(_) => Condition::Unhealthy,
            None => {
                let has_another_time = self.store.remote.is_some_and(|remote| remote.has_another_time());
                Condition::degraded_if(self.is_read_only || !self.store.damaged.is_empty() || has_another_time)
            }
        }
    }

    /// The position of the newest change; none while the change log can't be read.
    pub fn newest_change(&self) -> Option<LogPosition> {
        self.store.readable.then_some(self.store.newest_change)
    }

    /// What is wrong with the database, in words for everyone; the log knows more.
    pub fn trouble(&self) -> Option<&'static str> {
        match (&self.store.writable, self.store.readable) {
            (Err(StoreError::StorageFull(_)), _) => Some("the disk is full, or nearly: writes are refused"),
            (Err(StoreError::Overloaded), _) => Some("the writer does not come round: the disk is slow, or stuck"),
            (Err(_), _) => Some("writes fail: the disk or server does not take them, or the file is not there"),
            (Ok(()), false) => Some("reads fail"),
            (Ok(()), true) => None,
        }
    }
}

impl Service {
    /// Asks every part how it is.
    pub async fn health(&self) -> Health {
        let asked = Instant::now();
        let store = self.store.health().await;
        Health {
            store,
            store_response: asked.elapsed(),
            is_read_only: self.refuses_writes(),
            uptime: self.started.elapsed(),
            at: self.clock.now(),
        }
    }

    /// Which history the database has; entity tags name it.
    pub fn history(&self) -> HistoryId {
        self.store.history()
    }

    /// How the search index does, when the change log ends at `newest`, or can't be read. Waits for nothing.
    pub fn search_health(&self, newest: Option<LogPosition>) -> SearchHealth {
        self.search.health(newest)
    }

    /// Whether searches are served; not while the index is rebuilt.
    pub fn search_is_complete(&self) -> bool {
        self.search.reached().is_some()
    }

    /// How the export of telemetry does.
    pub async fn export_health(&self) -> ExportHealth {
        self.telemetry.export_health().await
    }

    /// How the scheduled backups do, if there are any.
    pub fn backup_health(&self) -> Option<BackupHealth> {
        let is_elsewhere = self.lease.term().is_none();
        self.backups.as_ref().map(|schedule| BackupHealth { is_elsewhere, ..schedule.health() })
    }

    /// Which backups are planned, and which there were at the last look.
    pub fn backup_plan(&self) -> Option<BackupPlan> {
        self.backups.as_ref().map(|schedule| schedule.plan())
    }

    /// Who does what one node of several does for all.
    pub fn lease_health(&self) -> LeaseHealth {
        self.lease.health()
    }

    /// How each background task does.
    pub fn background_health(&self) -> Vec<TaskHealth> {
        self.background.health()
    }

    /// The service's clock.
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    /// Now, by the service's clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Everything there is, in pieces. For the operator alone.
    pub async fn backup(&self) -> Result<Backup, Error> {
        self.telemetry
            .observe(Operation::SystemBackup, Subject::default(), async { Ok(self.store.backup().await?) })
            .await
    }

    /// How many there are of each thing.
    pub async fn stats(&self) -> Result<Counts, Error> {
        self.telemetry
            .observe(Operation::SystemStats, Subject::default(), async { Ok(self.store.counts().await?) })
            .await
    }
}
