//! The change log at the storage boundary.

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::{ChangeBatch, LogPage, LogPlace, LogPosition, TenantId};

/// What was changed, in the order of the commits.
#[async_trait]
pub trait Changes: Send + Sync {
    /// Entries of the change log after `after`, at most `limit`.
    async fn changes(&self, after: LogPosition, limit: usize) -> StoreResult<ChangeBatch>;

    /// The position of the newest entry of a workspace, or of all; the start when there is none.
    async fn newest_change(&self, tenant: Option<TenantId>) -> StoreResult<LogPosition>;

    /// Entries of a workspace and about it, newest first, at most `limit`: from the newest one, or from where a page before
    /// ended. None when that was a page of another workspace's.
    async fn changes_of(&self, tenant: TenantId, from: Option<LogPlace>, limit: usize) -> StoreResult<LogPage>;
}
