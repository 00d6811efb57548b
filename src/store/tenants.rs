//! Workspaces as operators have them, at the storage boundary.

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::{OwnQuotas, Slug, Stamp, Tenant, TenantId};

/// All workspaces, for operators. What changes one is [`super::StoreError::NotFound`] when there is none.
#[async_trait]
pub trait Tenants: Send + Sync {
    /// A workspace with what it takes up.
    async fn tenant(&self, id: TenantId) -> StoreResult<Option<Tenant>>;

    /// The workspace that has a slug.
    async fn tenant_by_slug(&self, slug: &Slug) -> StoreResult<Option<Tenant>>;

    /// The first `limit` after one, the largest first, by bytes and then by id. Those that can't be read are passed over. Looks at
    /// the counters of all: [`super::StoreError::Overloaded`] when that takes too long.
    async fn tenants_by_size(&self, after: Option<(u64, TenantId)>, limit: usize) -> StoreResult<Vec<Tenant>>;

    /// Keeps members and API keys from a workspace, or no longer. Returns whether that was a change.
    async fn suspend_workspace(&self, id: TenantId, is_suspended: bool, stamp: Stamp) -> StoreResult<bool>;

    /// Gives a workspace quotas of its own, in the place of those that it had. What is there already stays. Returns whether that
    /// was a change.
    async fn set_workspace_quotas(&self, id: TenantId, quotas: OwnQuotas, stamp: Stamp) -> StoreResult<bool>;

    /// Ends a workspace as [`super::Workspaces::delete_workspace`] does, without asking for an owner.
    async fn end_workspace(&self, id: TenantId, stamp: Stamp) -> StoreResult<()>;

    /// Notes in the log of a workspace that an operator takes its artifacts out.
    async fn note_export(&self, id: TenantId, stamp: Stamp) -> StoreResult<()>;
}
