//! Membership at the storage boundary.

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::{Member, Membership, Role, Stamp, TenantId, UserId};

/// Who is a member of which workspace.
///
/// Writes are made by a member, `by`, whose role is checked once more when the write is carried out:
/// [`super::StoreError::NotFound`] of the workspace when `by` is no member, [`super::StoreError::Forbidden`] when the
/// role is too low.
#[async_trait]
pub trait Members: Send + Sync {
    /// The place of `user` in a workspace.
    async fn membership(&self, tenant: TenantId, user: UserId) -> StoreResult<Option<Membership>>;

    /// Everyone in a workspace, in the order in which their accounts were made.
    async fn members_of(&self, tenant: TenantId) -> StoreResult<Vec<Member>>;

    /// Makes `user` a member. By an admin; by an owner, if it is to be an owner.
    /// [`super::StoreError::AlreadyMember`] when it is one.
    async fn add_member(
        &self,
        tenant: TenantId,
        user: UserId,
        role: Role,
        by: UserId,
        stamp: Stamp,
    ) -> StoreResult<Membership>;

    /// Changes a member's role, by an owner, and returns the one before. [`super::StoreError::LastOwner`] when nobody
    /// would own the workspace any more.
    async fn change_role(
        &self,
        tenant: TenantId,
        user: UserId,
        role: Role,
        by: UserId,
        stamp: Stamp,
    ) -> StoreResult<Role>;

    /// Ends a membership, by an owner. Errors as [`Self::change_role`].
    async fn remove_member(&self, tenant: TenantId, user: UserId, by: UserId, stamp: Stamp) -> StoreResult<()>;
}
