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

    /// Changes a member's role, by an owner, and returns the one before. `user` may be the id of an invitation: before it is
    /// accepted, what it gives changes, and then it stands for the member.
    /// [`super::StoreError::LastOwner`] when nobody would own the workspace any more, [`super::StoreError::OwnMembership`] when
    /// the invitation brought `by`.
    async fn change_role(
        &self,
        tenant: TenantId,
        user: UserId,
        role: Role,
        by: UserId,
        stamp: Stamp,
    ) -> StoreResult<Role>;

    /// Ends a membership, by an owner. `user` may be the id of an invitation, as in [`Self::change_role`]. Errors as there.
    async fn remove_member(&self, tenant: TenantId, user: UserId, by: UserId, stamp: Stamp) -> StoreResult<()>;

    /// Ends one's own membership. [`super::StoreError::LastOwner`] when nobody would own the workspace any more.
    async fn leave_workspace(&self, tenant: TenantId, user: UserId, stamp: Stamp) -> StoreResult<()>;

    /// Makes a member an owner, and the owner `by` an admin. [`super::StoreError::OwnMembership`] when they are the same.
    async fn transfer_workspace(&self, tenant: TenantId, to: UserId, by: UserId, stamp: Stamp) -> StoreResult<()>;
}
