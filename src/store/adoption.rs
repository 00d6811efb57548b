//! Rows that come from another database, at the storage boundary.

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::{Artifact, Membership, Stamp, TenantId, User, UserId, Workspace};

/// Takes over accounts, workspaces and artifacts as another database has them: with their ids and times. What is there
/// already becomes as it is there. No quota keeps anything out; everything counts.
#[async_trait]
pub trait Adoption: Send + Sync {
    /// Takes an account over; whether it operates the server stays as it is. With a `hash` that is not its own already, and
    /// when it may not sign in any more, its sessions end. [`super::StoreError::EmailTaken`] when another account has its address,
    /// [`super::StoreError::NotFound`] when it is new and there is no hash.
    async fn adopt_user(&self, user: User, hash: Option<String>, stamp: Stamp) -> StoreResult<()>;

    /// Takes a workspace over, with these members, and ends the memberships of those that are `gone`; other members, and what
    /// the operator says of it, stay. Returns it with the slug it got: the wanted one, or one near it.
    /// [`super::StoreError::NotFound`] when it was deleted here, or a member has no account.
    async fn adopt_workspace(
        &self,
        workspace: Workspace,
        members: Vec<Membership>,
        gone: Vec<UserId>,
        stamp: Stamp,
    ) -> StoreResult<Workspace>;

    /// Takes artifacts of a workspace over. What is in the trash here and there stays as it is.
    /// [`super::StoreError::NotFound`] when the workspace is gone.
    async fn adopt_artifacts(&self, tenant: TenantId, artifacts: Vec<Artifact>, stamp: Stamp) -> StoreResult<()>;
}
