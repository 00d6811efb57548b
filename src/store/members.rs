//! Membership at the storage boundary.

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::{Membership, TenantId, UserId};

/// Who is a member of which workspace.
#[async_trait]
pub trait Members: Send + Sync {
    /// The place of `user` in a workspace.
    async fn membership(&self, tenant: TenantId, user: UserId) -> StoreResult<Option<Membership>>;
}
