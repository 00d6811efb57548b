//! Workspaces at the storage boundary.

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::{Quotas, Stamp, TenantId, Usage, UserId, Workspace, WorkspaceName, WorkspacePatch, WorkspaceView};

/// Workspaces and their slugs.
#[async_trait]
pub trait Workspaces: Send + Sync {
    /// Adds a workspace with `owner` as its first member, and returns it with the slug it got: `workspace.slug` is the
    /// wanted one. [`super::StoreError::SlugTaken`] when every slug that `choice` allows is in use,
    /// [`super::StoreError::QuotaExceeded`] when the owner has as many already as it may.
    async fn create_workspace(
        &self,
        workspace: Workspace,
        choice: SlugChoice,
        owner: UserId,
        stamp: Stamp,
    ) -> StoreResult<WorkspaceView>;

    /// The workspaces that `user` is a member of, in use or not, oldest first.
    async fn workspaces_of(&self, user: UserId) -> StoreResult<Vec<WorkspaceView>>;

    /// The workspaces after `after` in the order of their ids, at most `limit`.
    async fn tenants_after(&self, after: Option<TenantId>, limit: usize) -> StoreResult<Vec<TenantId>>;

    /// How much a workspace has of what there are quotas of, and how much it may have.
    async fn usage(&self, tenant: TenantId) -> StoreResult<(Usage, Quotas)>;

    /// The first of [`Self::workspaces_of`] that is in use and not suspended, and that `user` has chosen to be a member of.
    async fn first_workspace_of(&self, user: UserId) -> StoreResult<Option<WorkspaceView>>;

    /// A workspace as its member `viewer` sees it; `None` when there is none, `viewer` is no member, or it is not in use and
    /// `viewer` no admin.
    async fn workspace(&self, tenant: TenantId, viewer: UserId) -> StoreResult<Option<WorkspaceView>>;

    /// The name of a workspace, without asking for a member.
    async fn workspace_name(&self, tenant: TenantId) -> StoreResult<Option<WorkspaceName>>;

    /// Changes what a workspace says of itself. Errors as for [`super::Members`]: `by` must be an admin.
    async fn update_workspace(
        &self,
        tenant: TenantId,
        patch: WorkspacePatch,
        by: UserId,
        stamp: Stamp,
    ) -> StoreResult<WorkspaceView>;

    /// Ends a workspace: from then on nobody sees it, and its slug is free. What was in it is removed by
    /// [`super::Housekeeping::sweep_deleted_workspaces`]. Errors as for [`super::Members`]: `by` must be an owner.
    async fn delete_workspace(&self, tenant: TenantId, by: UserId, stamp: Stamp) -> StoreResult<()>;
}

/// How a new workspace gets its slug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlugChoice {
    /// The wanted one, or the intent fails.
    Exactly,
    /// The wanted one, or the first free of `slug-2` … `slug-9`, or the slug with `tag`, in 8 hexadecimal digits.
    Near {
        /// Chosen at random by the caller, so that a popular name needs no longer search.
        tag: u32,
    },
}
