//! Invitations at the storage boundary.

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::{
    Email, Invitation, InvitationId, Invited, OneTimeDigest, Stamp, TenantId, Timestamp, User, UserId, WorkspaceView,
};

/// A place among the invitations of all workspaces.
pub type InvitationPlace = (TenantId, InvitationId);

/// An invitation that somebody holds: where it is, and what proves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PresentedInvitation {
    /// The workspace.
    pub tenant: TenantId,
    /// Which one.
    pub id: InvitationId,
    /// The digest of what was presented.
    pub digest: OneTimeDigest,
}

/// Who is invited to which workspace.
///
/// Errors of those who invite and revoke as for [`super::Members`]: they must be admins, and owners to invite one or to
/// revoke the invitation of one.
#[async_trait]
pub trait Invitations: Send + Sync {
    /// Invites somebody. An invitation of the same address takes the place of the one before, and its id. Returns it as it is
    /// kept. [`super::StoreError::AlreadyMember`] when the address is a member's, [`super::StoreError::QuotaExceeded`] when
    /// those who were invited would be too many members.
    async fn invite(&self, invitation: Invitation, stamp: Stamp) -> StoreResult<Invitation>;

    /// The invitations to a workspace that can still be accepted, newest first.
    async fn invitations_of(&self, tenant: TenantId, now: Timestamp) -> StoreResult<Vec<Invitation>>;

    /// The invitations of an address that can still be accepted, newest first.
    async fn invitations_to(&self, email: &Email, now: Timestamp) -> StoreResult<Vec<Invitation>>;

    /// The invitation that was presented; none when it is not good, or no longer.
    async fn invited(&self, presented: PresentedInvitation, now: Timestamp) -> StoreResult<Option<Invited>>;

    /// Ends an invitation that nobody has accepted.
    async fn revoke_invitation(&self, tenant: TenantId, id: InvitationId, by: UserId, stamp: Stamp) -> StoreResult<()>;

    /// Makes an account a member, and uses the invitation up. One that was mailed proves the address that it is bound to.
    /// [`super::StoreError::InvalidOneTimeToken`] when it is not good, [`super::StoreError::InvitationForAnother`] when it is
    /// bound to another address, [`super::StoreError::AlreadyMember`] when it is one, and then it stays good.
    async fn accept_invitation(
        &self,
        presented: PresentedInvitation,
        user: UserId,
        stamp: Stamp,
    ) -> StoreResult<WorkspaceView>;

    /// Adds an account that accepts an invitation, both or neither. Errors as [`super::Users::create_user`] and
    /// [`Self::accept_invitation`].
    async fn register_invited(
        &self,
        user: User,
        password_hash: String,
        presented: PresentedInvitation,
        stamp: Stamp,
    ) -> StoreResult<()>;

    /// Looks at the next `limit` invitations after a place, and removes those that have expired. Returns the place to go on
    /// from; none at the end. The change log has nothing of it.
    async fn remove_expired_invitations(
        &self,
        now: Timestamp,
        after: Option<InvitationPlace>,
        limit: usize,
    ) -> StoreResult<Option<InvitationPlace>>;
}
