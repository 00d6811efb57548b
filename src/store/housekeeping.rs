//! Housekeeping at the storage boundary: what is done in small steps when there is time.

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::{ArtifactId, Stamp, TenantId, Timestamp};

/// A place in the trash of all workspaces.
pub type TrashPlace = (TenantId, ArtifactId);

/// A version in the histories of all workspaces.
pub type VersionPlace = (TenantId, ArtifactId, u64);

/// Work that nobody waits for.
#[async_trait]
pub trait Housekeeping: Send + Sync {
    /// Removes at most `limit` rows of what was in workspaces that were deleted. Returns whether there is more to do.
    async fn sweep_deleted_workspaces(&self, limit: usize) -> StoreResult<bool>;

    /// Looks at the next `limit` artifacts in the trash after a place, and removes those for good, with their histories,
    /// that were moved there before `before`. Returns the place to go on from; none at the end.
    async fn purge_old_trash(
        &self,
        before: Timestamp,
        after: Option<TrashPlace>,
        limit: usize,
        stamp: Stamp,
    ) -> StoreResult<Option<TrashPlace>>;

    /// Looks at the next `limit` versions after a place, and removes those from their histories that were replaced before
    /// `before`. Returns the place to go on from; none at the end. The change log has nothing of it.
    async fn trim_histories(
        &self,
        before: Timestamp,
        after: Option<VersionPlace>,
        limit: usize,
    ) -> StoreResult<Option<VersionPlace>>;

    /// Removes at most `limit` of the entries of the change log from before `before`, the oldest first, but never the
    /// newest entry. Returns whether there are more.
    async fn trim_changes(&self, before: Timestamp, limit: usize) -> StoreResult<bool>;
}
