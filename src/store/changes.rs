//! The change log at the storage boundary.

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::Change;

/// What was changed, in the order of the commits.
#[async_trait]
pub trait Changes: Send + Sync {
    /// Entries of the change log after position `after`, oldest first, at most `limit`.
    async fn changes(&self, after: u64, limit: usize) -> StoreResult<Vec<Change>>;
}
