//! Housekeeping at the storage boundary: what is done in small steps when there is time.

use async_trait::async_trait;

use super::StoreResult;

/// Work that nobody waits for.
#[async_trait]
pub trait Housekeeping: Send + Sync {
    /// Removes at most `limit` rows of what was in workspaces that were deleted. Returns whether there is more to do.
    async fn sweep_deleted_workspaces(&self, limit: usize) -> StoreResult<bool>;
}
