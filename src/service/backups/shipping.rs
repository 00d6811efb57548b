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
use crate::followers::{Failure, Task};
use crate::store::{Position, Since};

/// How long the changes of the last moment may take to be shipped when the server stops.
const LAST: Duration = Duration::from_secs(5);

/// Where the changes in a place end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Chain {
    /// The place was not looked at yet.
    #[default]
    Unknown,
    /// There is nothing that changes could go on from: a backup has to be made first.
    Broken,
    /// A backup and the changes since lead up to here.
    Ends(Position),
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
        let end = route.as_ref().and_then(|route| Some((route.position()?, route.time())));
        let mut chain = self.chain();
        match (before, end) {
            (Chain::Unknown, Some((position, time))) => {
                *chain = Chain::Ends(position);
                self.locked().shipped = Some(time);
            }
            (Chain::Ends(known), Some((position, _))) if position.seq >= known.seq => {}
            (Chain::Broken, _) => {}
            (Chain::Unknown | Chain::Ends(_), _) => *chain = Chain::Broken,
        }
        *chain == Chain::Broken
    }

    /// Goes on from a backup, unless there are changes that go on elsewhere: then what was shipped while it was made is
    /// there.
    pub(super) fn go_on_from(&self, backup: &KeptBackup) {
        let mut chain = self.chain();
        if let (Chain::Broken, Some(position)) = (*chain, backup.position) {
            *chain = Chain::Ends(position);
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

    async fn ship(&self) -> Result<(), Failure> {
        let work = self.service.ship_what_is_new(&self.schedule);
        let shipped = self.service.telemetry.background("shipping", work).await;
        self.schedule.locked().is_shipping_failing = shipped.is_err();
        if shipped.as_ref().err().is_some_and(PlaceError::is_of_ownership) {
            // The place was ours when it was last looked at: what is there now is to be found out.
            *self.schedule.chain() = Chain::Unknown;
            self.schedule.wanted.notify_one();
        }
        shipped.map_err(|error| {
            self.service.telemetry.metrics().shipment_ended(false);
            Failure::new("changes were not shipped", error)
        })
    }
}

#[async_trait]
impl Task for ShipChanges {
    fn name(&self) -> &'static str {
        "shipping"
    }

    async fn turn(&self) -> Result<(), Failure> {
        let Some(every) = self.schedule.changes_every else { return future::pending().await };
        tokio::time::sleep(every).await;
        self.ship().await
    }

    async fn finish(&self) -> Result<(), Failure> {
        timeout(LAST, self.ship()).await.unwrap_or_else(|late| {
            Err(Failure::new("the last changes were not shipped; they are in the database", late))
        })
    }

    fn longest_pause(&self) -> Duration {
        self.schedule.changes_every.unwrap_or_default()
    }
}

impl Service {
    async fn ship_what_is_new(&self, schedule: &BackupSchedule) -> Result<(), PlaceError> {
        let Chain::Ends(end) = *schedule.chain() else { return Ok(()) };
        let (since, time) = self.read_at_a_time(schedule, self.store.changes_since(end)).await?;
        match since {
            Since::Nothing => {}
            Since::AnotherHistory => {
                tracing::warn!(
                    "changes can't go on from what is in the place of the backups, which is of another database or too \
                     old: a backup is made to begin again"
                );
                *schedule.chain() = Chain::Broken;
                schedule.wanted.notify_one();
                return Ok(());
            }
            Since::Changes(changes) => {
                schedule.place.require_owner(schedule.installation).await?;
                let origin = Some(self.origin(schedule));
                let kept = KeptChanges { time, origin, from: end, to: changes.position() };
                let (name, to) = (kept.name(), changes.position());
                let bytes = schedule.place.keep(&name, changes).await?;
                *schedule.chain() = Chain::Ends(to);
                self.telemetry.metrics().shipment_ended(true);
                tracing::debug!(name, bytes, "changes were shipped");
            }
        }
        schedule.locked().shipped = Some(time);
        Ok(())
    }
}
