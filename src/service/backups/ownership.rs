//! Whether the place of the backups belongs to this installation: another's is left alone.

use super::{BackupSchedule, Service};
use crate::backups::{Inventory, Owner, PlaceError};
use crate::domain::{LogPosition, Timestamp};
use crate::store::{Checkpoint, StoreResult};

impl Service {
    /// The owner of the place, which is this installation: one that belongs to nobody is taken if there is nothing in it,
    /// or only what this database goes on from.
    pub(super) async fn own(&self, schedule: &BackupSchedule, inventory: &Inventory) -> Result<Owner, PlaceError> {
        match schedule.terms().place.require_owner(schedule.installation).await {
            Err(PlaceError::Unclaimed) => {}
            decided => return decided,
        }
        let is_empty = inventory.backups.is_empty() && inventory.changes.is_empty();
        let inherits_from = match self.oldest_of_ours(inventory).await? {
            None if !is_empty => return Err(PlaceError::Unclaimed),
            inherits_from => inherits_from,
        };
        let (installation, whereabouts) = (schedule.installation, schedule.whereabouts.clone());
        let owner = Owner { installation, whereabouts, since: self.clock.now(), inherits_from };
        let owner = schedule.terms().place.claim(&owner).await?;
        tracing::info!(%owner, "the place of the backups belongs to this installation from now on");
        Ok(owner)
    }

    /// The time of the oldest backup, from the newest back, that leads to what this database has come past. None if the
    /// newest, with the changes since, does not.
    async fn oldest_of_ours(&self, inventory: &Inventory) -> StoreResult<Option<Timestamp>> {
        let now = self.clock.now();
        let end = inventory.route_to(now).ok().and_then(|route| route.checkpoint());
        // Before its first change every database is the same, which proves nothing.
        if end.is_none_or(|end| end.position == LogPosition::START) || !self.has_passed(end).await? {
            return Ok(None);
        }
        let mut oldest = None;
        for backup in inventory.backups.iter().rev().filter(|backup| backup.time <= now) {
            if !self.has_passed(backup.checkpoint).await? {
                break;
            }
            oldest = Some(backup.time);
        }
        Ok(oldest)
    }

    /// Whether the database was at this checkpoint once.
    async fn has_passed(&self, checkpoint: Option<Checkpoint>) -> StoreResult<bool> {
        match checkpoint {
            Some(checkpoint) => self.store.has_passed(checkpoint).await,
            None => Ok(false),
        }
    }
}
