//! What has changed since the newest backup, shipped to where that is every few seconds: who loses the machine loses
//! seconds.
//!
//! Changes go on from where those before ended, whether or not a backup was made meanwhile. So the place has an
//! unbroken chain of them from its oldest backup on, and a backup that turns out to be damaged can be done without.

use std::future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::timeout;

use super::{BackupSchedule, Service};
use crate::backups::{Inventory, KeptBackup, KeptChanges, PlaceError};
use crate::domain::Timestamp;
use crate::followers::{Failure, Follower, Next, catch_up};
use crate::store::{Backup, Checkpoint, Since, StoreError};

/// How long the changes of the last moment may take to be shipped when the server stops.
const LAST: Duration = Duration::from_secs(5);

/// Where the changes in a place end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Chain {
    /// The place has not been listed yet.
    #[default]
    Unknown,
    /// There is nothing that changes could go on from: a backup has to be made first.
    Broken,
    /// A backup and the changes since lead up to here.
    Ends(Checkpoint),
}

impl BackupSchedule {
    /// Finds out where changes go on from by what the place has of the current history, if that is not known or no longer
    /// there: after a gap there is nothing to go on from. `before` is where they ended before it was looked at what the
    /// place has. Returns whether a backup is needed first.
    pub(super) fn needs_backup(&self, before: Chain, current: &Inventory, now: Timestamp) -> bool {
        if self.changes_every.is_none() {
            return false;
        }
        let route = current.route_to(now).ok();
        let end = route.as_ref().and_then(|route| Some((route.checkpoint()?, route.time())));
        let mut chain = self.chain();
        match (before, end) {
            (Chain::Unknown, Some((end, time))) => {
                *chain = Chain::Ends(end);
                self.locked().shipped = Some(time);
            }
            (Chain::Ends(known), Some((end, _))) if end.position >= known.position => {}
            (Chain::Broken, _) => {}
            (Chain::Unknown | Chain::Ends(_), _) => *chain = Chain::Broken,
        }
        *chain == Chain::Broken
    }

    /// Goes on from a backup, unless there are changes that go on elsewhere: then what was shipped while it was made is
    /// there.
    pub(super) fn go_on_from(&self, backup: &KeptBackup) {
        let mut chain = self.chain();
        if let (Chain::Broken, Some(checkpoint)) = (*chain, backup.checkpoint) {
            *chain = Chain::Ends(checkpoint);
            self.locked().shipped = Some(backup.time);
        }
    }
}

/// The background task that ships what has changed.
pub struct ShipChanges {
    service: Arc<Service>,
    schedule: Arc<BackupSchedule>,
}

impl ShipChanges {
    /// The task for a service, by this schedule.
    pub fn new(service: Arc<Service>, schedule: Arc<BackupSchedule>) -> Self {
        Self { service, schedule }
    }

    /// Notes whether shipping works.
    fn noted<T>(&self, shipped: Result<T, PlaceError>) -> Result<T, Failure> {
        self.schedule.locked().is_shipping_failing = shipped.is_err();
        if shipped.as_ref().err().is_some_and(PlaceError::is_of_ownership) {
            // The place was ours when it was last listed: what is there now must be checked.
            *self.schedule.chain() = Chain::Unknown;
            self.schedule.wanted.notify_one();
        }
        shipped.map_err(|error| {
            self.service.telemetry.metrics().shipment_ended(false);
            Failure::new("changes were not shipped", error)
        })
    }

    async fn keep(&self, shipment: Shipment) -> Result<(), PlaceError> {
        let Shipment { changes, from, time } = shipment;
        let term = self.service.lease.term().ok_or(StoreError::LeaseLost)?;
        self.service.lease.require(&term).await?;
        self.schedule.terms().place.require_owner(self.schedule.installation).await?;
        self.service.ship_tombstones(&self.schedule).await?;
        let origin = Some(self.service.origin(&self.schedule));
        let kept = KeptChanges { time, origin, from, to: changes.end() };
        let name = kept.name();
        let bytes = self.schedule.terms().place.keep(&name, changes).await?;
        *self.schedule.chain() = Chain::Ends(kept.to);
        self.schedule.locked().shipped = Some(time);
        self.service.telemetry.metrics().shipment_ended(true);
        tracing::debug!(name, bytes, "changes were shipped");
        Ok(())
    }
}

/// Everything that has changed after a checkpoint.
pub struct Shipment {
    changes: Backup,
    from: Checkpoint,
    /// When the database was read.
    time: Timestamp,
}

#[async_trait]
impl Follower for ShipChanges {
    type Position = Checkpoint;
    type Batch = Shipment;

    fn name(&self) -> &'static str {
        "shipping"
    }

    async fn due(&self) {
        match self.schedule.changes_every {
            Some(every) => {
                tokio::time::sleep(every).await;
                // Of several nodes one ships them.
                self.schedule.begin(&self.service.lease.until_held().await);
            }
            None => future::pending().await,
        }
    }

    async fn position(&self) -> Result<Option<Checkpoint>, Failure> {
        match *self.schedule.chain() {
            Chain::Ends(end) => Ok(Some(end)),
            Chain::Unknown | Chain::Broken => Ok(None),
        }
    }

    async fn read(&self, from: Checkpoint) -> Result<Next<Shipment>, Failure> {
        let changes = self.service.store.changes_since(from);
        let read = self.service.read_at_a_time(&self.schedule, changes).await;
        let (since, time) = self.noted(read.map_err(PlaceError::from))?;
        Ok(match since {
            Since::Nothing => {
                self.schedule.locked().shipped = Some(time);
                Next::Nothing
            }
            Since::Changes(changes) => Next::Batch(Shipment { changes, from, time }),
            Since::AnotherHistory => {
                tracing::warn!(
                    "changes can't go on from what is in the place of the backups, which is of another database or too \
                     old: a backup is made to begin with"
                );
                *self.schedule.chain() = Chain::Broken;
                Next::Unknown
            }
        })
    }

    async fn apply(&self, shipment: Shipment) -> Result<Option<Checkpoint>, Failure> {
        let shipped = self.service.telemetry.background("shipping", self.keep(shipment)).await;
        // It has everything there was when it was read.
        self.noted(shipped).map(|()| None)
    }

    /// Changes begin with a backup.
    async fn start_again(&self) -> Result<(), Failure> {
        if *self.schedule.chain() == Chain::Broken {
            self.schedule.wanted.notify_one();
        }
        Ok(())
    }

    async fn finish(&self) -> Result<(), Failure> {
        if self.service.lease.term().is_none() {
            return Ok(());
        }
        timeout(LAST, catch_up(self)).await.unwrap_or_else(|late| {
            Err(Failure::new("the last changes were not shipped; they are in the database", late))
        })
    }

    fn longest_pause(&self) -> Duration {
        self.schedule.changes_every.unwrap_or_default()
    }
}
