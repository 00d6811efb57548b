//! Invitations: how somebody comes into a workspace by their own consent.

use super::{Email, InvitationId, OneTimeDigest, Role, TenantId, Timestamp, User, UserId, Workspace};

/// An invitation to a workspace. It is good once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Its id, which in the older calls stands for the member that comes of it.
    pub id: InvitationId,
    /// The workspace.
    pub tenant: TenantId,
    /// The address that it is bound to; none when anyone with the link may use it, and when it was accepted.
    pub email: Option<Email>,
    /// The role that it gives.
    pub role: Role,
    /// The digest of its secret.
    pub digest: OneTimeDigest,
    /// Whether the secret went to the address alone: presenting it proves the address.
    pub is_mailed: bool,
    /// Who made it.
    pub invited_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// When it is no longer good.
    pub expires_at: Timestamp,
    /// Who accepted it, if somebody has.
    pub accepted_by: Option<UserId>,
}

impl Invitation {
    /// Whether it can still be accepted at `now`.
    pub fn is_pending(&self, now: Timestamp) -> bool {
        self.accepted_by.is_none() && now < self.expires_at
    }

    /// Whether it is the one that was `presented`, and can still be accepted at `now`.
    pub fn is_proved_by(&self, presented: OneTimeDigest, now: Timestamp) -> bool {
        self.digest == presented && self.is_pending(now)
    }

    /// Whether it is for this account.
    pub fn is_for(&self, user: &User) -> bool {
        self.email.as_ref().is_none_or(|email| *email == user.email.composed())
    }

    /// Whether accepting it proves the address.
    pub fn proves_address(&self) -> bool {
        self.is_mailed && self.email.is_some()
    }

    /// The id of the member that it stands for in the older calls.
    pub fn as_member(&self) -> UserId {
        UserId::from(self.id.as_uuid())
    }
}

/// An invitation as the holder of its secret sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Invited {
    /// The invitation.
    pub invitation: Invitation,
    /// The workspace that it is to.
    pub workspace: Workspace,
}
