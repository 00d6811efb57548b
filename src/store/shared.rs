//! What nodes share beside the database, at the storage boundary: it is in no backup, and stays whatever is restored.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::Timestamp;

/// What it is. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SharedKind {
    /// The installation that all of the nodes are.
    Installation = 1,
    /// The keys that tokens are signed with, sealed.
    SigningKeys = 2,
    /// Whose accounts were deleted.
    Deleted = 3,
}

/// All there is of a kind, by its keys.
pub type SharedRows = BTreeMap<Vec<u8>, Vec<u8>>;

/// Changes what there is of a kind, as of a moment by the clock of the database.
pub type SharedChange<'a> = Box<dyn FnOnce(&mut SharedRows, Timestamp) + Send + 'a>;

/// Where such things are kept.
#[async_trait]
pub trait Shared: Send + Sync {
    /// What there is of a kind, and what time it is by the clock of the database.
    async fn shared(&self, kind: SharedKind) -> StoreResult<(SharedRows, Timestamp)>;

    /// Changes that while nobody else does, and returns what there is then. Nothing else is written in the same commit.
    async fn change_shared(&self, kind: SharedKind, change: SharedChange<'_>) -> StoreResult<SharedRows>;
}
