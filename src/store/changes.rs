//! The change log at the storage boundary.

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::{Change, TenantId};

/// What was changed, in the order of the commits.
#[async_trait]
pub trait Changes: Send + Sync {
    /// Entries of the change log after position `after`, oldest first, at most `limit`.
    async fn changes(&self, after: u64, limit: usize) -> StoreResult<Vec<Change>>;

    /// The position of the newest entry about a workspace, or of all; 0 when there is none.
    async fn newest_change(&self, tenant: Option<TenantId>) -> StoreResult<u64>;

    /// Entries about a workspace, newest first, at most `limit`: from the newest one, or from the one before the entry
    /// at position `before`. None when the entry there is not the workspace's.
    async fn changes_of(&self, tenant: TenantId, before: Option<u64>, limit: usize) -> StoreResult<Vec<Change>>;
}
