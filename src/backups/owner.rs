//! Whose a place is: an object in it names the one installation that writes there, and what of the rest belongs to that.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::name::{KeptBackup, KeptChanges, Provenance};
use super::{Inventory, Place, PlaceError};
use crate::domain::{InstallationId, Timestamp};

/// What the object is called.
const NAME: &str = "ghostworks.owner";

/// The installation that a place belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Which one.
    pub installation: InstallationId,
    /// Where its data directory is, for people.
    pub whereabouts: String,
    /// Since when.
    pub since: Timestamp,
    /// What is from this time or later, but not from after `since`, belongs to it, no matter which installation made it.
    pub inherits_from: Option<Timestamp>,
}

/// How it is written down.
#[derive(Serialize, Deserialize)]
struct Written {
    installation: String,
    whereabouts: String,
    since: Timestamp,
    inherits_from: Option<Timestamp>,
}

impl Owner {
    /// What of an inventory belongs to it.
    pub fn own(&self, inventory: &Inventory) -> Inventory {
        let backups = inventory.backups.iter().filter(|KeptBackup { time, origin, .. }| self.owns(*time, *origin));
        let changes = inventory.changes.iter().filter(|KeptChanges { time, origin, .. }| self.owns(*time, *origin));
        Inventory { backups: backups.copied().collect(), changes: changes.copied().collect() }
    }

    /// Whether something from this time and origin belongs to it.
    pub fn owns(&self, time: Timestamp, origin: Option<Provenance>) -> bool {
        let has_made = origin.is_some_and(|origin| origin.installation == self.installation.short());
        has_made || self.inherits_from.is_some_and(|from| from <= time && time <= self.since)
    }

    fn to_bytes(&self) -> Vec<u8> {
        let Self { installation, whereabouts, since, inherits_from } = self.clone();
        let written = Written { installation: installation.to_string(), whereabouts, since, inherits_from };
        let mut text = serde_json::to_string_pretty(&written).unwrap_or_default();
        text.push('\n');
        text.into_bytes()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let Written { installation, whereabouts, since, inherits_from } = serde_json::from_slice(bytes).ok()?;
        Some(Self { installation: installation.parse().ok()?, whereabouts, since, inherits_from })
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, since {:.0})", self.installation.short(), self.whereabouts, self.since)
    }
}

impl Place {
    /// The installation that it belongs to, if any.
    pub async fn owner(&self) -> Result<Option<Owner>, PlaceError> {
        let Some(bytes) = self.read(NAME).await? else { return Ok(None) };
        Owner::from_bytes(&bytes).map(Some).ok_or(PlaceError::UnreadableOwner(NAME))
    }

    /// Refuses an installation that it does not belong to.
    pub async fn require_owner(&self, installation: InstallationId) -> Result<Owner, PlaceError> {
        match self.owner().await? {
            Some(owner) if owner.installation == installation => Ok(owner),
            Some(owner) => Err(PlaceError::Foreign(Box::new(owner))),
            None => Err(PlaceError::Unclaimed),
        }
    }

    /// Gives a place that belongs to nobody to an owner. Of two at once, one is refused.
    pub async fn claim(&self, owner: &Owner) -> Result<Owner, PlaceError> {
        self.create(NAME, owner.to_bytes()).await?;
        // Not every service refuses to write over what is there already.
        self.require_owner(owner.installation).await
    }

    /// Gives a place to an owner, even if it had another.
    pub async fn hand_over(&self, owner: &Owner) -> Result<(), PlaceError> {
        self.replace(NAME, owner.to_bytes()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::HistoryId;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    fn owner(inherits_from: Option<i64>) -> Owner {
        let (installation, whereabouts) = (InstallationId::from_bytes([1; 16]), "host:/data \"quoted\"\n".to_owned());
        Owner { installation, whereabouts, since: at(100), inherits_from: inherits_from.map(at) }
    }

    #[test]
    fn an_owner_is_read_as_it_is_written() {
        for owner in [owner(None), owner(Some(7))] {
            assert_eq!(Owner::from_bytes(&owner.to_bytes()), Some(owner));
        }
        for other in ["", "{}", "owner", "{\"installation\": \"1\", \"whereabouts\": \"\", \"since\": \"1\"}"] {
            assert_eq!(Owner::from_bytes(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn it_owns_what_it_has_made_and_what_it_has_inherited() {
        let of = |byte| {
            let history = HistoryId::from_bytes([9; 16]).short();
            Some(Provenance { installation: InstallationId::from_bytes([byte; 16]).short(), history })
        };
        let owns = |owner: &Owner, second, origin| owner.owns(at(second), origin);
        let first = owner(None);
        assert!(owns(&first, 50, of(1)) && owns(&first, 150, of(1)));
        assert!(!owns(&first, 50, of(2)) && !owns(&first, 50, None) && !owns(&first, 150, None));
        let heir = owner(Some(20));
        assert!(owns(&heir, 20, None) && owns(&heir, 100, of(2)) && owns(&heir, 10, of(1)));
        assert!(!owns(&heir, 10, None) && !owns(&heir, 101, None) && !owns(&heir, 101, of(2)));
    }
}
