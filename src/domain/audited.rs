//! How entries of the change log are told to people and to other programs: what was done, what it was done to, and the rest.

use uuid::Uuid;

use super::{ChangeKind, Role, UserId};

/// Names each kind of change, for [`ChangeKind::action`] and [`ChangeKind::ACTIONS`].
macro_rules! actions {
    ($($kind:ident => $name:literal,)*) => {
        impl ChangeKind {
            /// The names of all that can be done.
            pub const ACTIONS: &[&str] = &[$($name),*];

            /// The name of what was done.
            pub fn action(&self) -> &'static str {
                match self {
                    $(Self::$kind(..) => $name,)*
                }
            }
        }
    };
}

actions! {
    UserRegistered => "user.registered",
    PasswordRehashed => "user.password_rehashed",
    VerificationRequested => "user.verification_requested",
    EmailVerified => "user.email_verified",
    PasswordResetRequested => "user.password_reset_requested",
    PasswordReset => "user.password_reset",
    PasswordChanged => "user.password_changed",
    UserDisabled => "user.disabled",
    UserEnabled => "user.enabled",
    OperatorGranted => "user.operator_granted",
    OperatorRevoked => "user.operator_revoked",
    PasswordSet => "user.password_set",
    SessionsEnded => "user.sessions_ended",
    ProfileChanged => "user.profile_changed",
    EmailChangeRequested => "user.email_change_requested",
    EmailChanged => "user.email_changed",
    UserDeleted => "user.deleted",
    UserBroughtBack => "user.brought_back",
    LoginFailed => "user.login_failed",
    SessionOpened => "session.opened",
    SessionRefreshed => "session.refreshed",
    SessionRevokedForReuse => "session.revoked_for_reuse",
    SessionClosed => "session.closed",
    SessionExpired => "session.expired",
    SessionSwitched => "session.switched",
    SessionRevoked => "session.revoked",
    SessionRefreshRepeated => "session.refresh_repeated",
    SessionDisplaced => "session.displaced",
    WorkspaceCreated => "workspace.created",
    WorkspaceUpdated => "workspace.updated",
    WorkspaceDeleted => "workspace.deleted",
    WorkspaceSuspended => "workspace.suspended",
    WorkspaceResumed => "workspace.resumed",
    WorkspaceQuotasSet => "workspace.quotas_set",
    WorkspaceExported => "workspace.exported",
    ArtifactCreated => "artifact.created",
    ArtifactUpdated => "artifact.updated",
    ArtifactDeleted => "artifact.deleted",
    ArtifactRestored => "artifact.restored",
    ArtifactPurged => "artifact.purged",
    MemberAdded => "member.added",
    MemberRoleChanged => "member.role_changed",
    MemberRemoved => "member.removed",
    InvitationMade => "invitation.made",
    InvitationRoleChanged => "invitation.role_changed",
    InvitationRevoked => "invitation.revoked",
    InvitationAccepted => "invitation.accepted",
    ApiKeyCreated => "api_key.created",
    ApiKeyRevoked => "api_key.revoked",
}

/// What something was done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audited {
    /// What kind of thing it is: `artifact`, `member`, …
    pub kind: &'static str,
    /// Which one.
    pub id: Option<Uuid>,
}

/// What else there is to say of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditDetail {
    /// Nothing.
    None,
    /// The version that an artifact has since.
    Version(u64),
    /// The role that is given.
    Role(Role),
    /// The role before, and the one since.
    Roles(Role, Role),
}

impl ChangeKind {
    /// What it was done to.
    pub fn audited(&self) -> Audited {
        let (kind, id) = match *self {
            Self::UserRegistered(id)
            | Self::PasswordRehashed(id)
            | Self::VerificationRequested(id)
            | Self::EmailVerified(id)
            | Self::PasswordResetRequested(id)
            | Self::PasswordReset(id)
            | Self::PasswordChanged(id)
            | Self::UserDisabled(id)
            | Self::UserEnabled(id)
            | Self::OperatorGranted(id)
            | Self::OperatorRevoked(id)
            | Self::PasswordSet(id)
            | Self::SessionsEnded(id)
            | Self::ProfileChanged(id)
            | Self::EmailChangeRequested(id)
            | Self::EmailChanged(id)
            | Self::UserDeleted(id)
            | Self::UserBroughtBack(id) => ("user", id.as_uuid()),
            Self::LoginFailed(id) => return Audited { kind: "user", id: id.map(UserId::as_uuid) },
            Self::SessionOpened(id)
            | Self::SessionRefreshed(id)
            | Self::SessionRevokedForReuse(id)
            | Self::SessionClosed(id)
            | Self::SessionExpired(id)
            | Self::SessionSwitched(id)
            | Self::SessionRevoked(id)
            | Self::SessionRefreshRepeated(id)
            | Self::SessionDisplaced(id) => ("session", id.as_uuid()),
            Self::WorkspaceCreated(id)
            | Self::WorkspaceUpdated(id)
            | Self::WorkspaceDeleted(id)
            | Self::WorkspaceSuspended(id)
            | Self::WorkspaceResumed(id)
            | Self::WorkspaceQuotasSet(id)
            | Self::WorkspaceExported(id) => ("workspace", id.as_uuid()),
            Self::ArtifactCreated(id)
            | Self::ArtifactUpdated(id, _)
            | Self::ArtifactDeleted(id, _)
            | Self::ArtifactRestored(id, _)
            | Self::ArtifactPurged(id) => ("artifact", id.as_uuid()),
            Self::MemberAdded(id, _) | Self::MemberRoleChanged(id, ..) | Self::MemberRemoved(id) => {
                ("member", id.as_uuid())
            }
            Self::InvitationMade(id, _)
            | Self::InvitationRoleChanged(id, ..)
            | Self::InvitationRevoked(id)
            | Self::InvitationAccepted(id) => ("invitation", id.as_uuid()),
            Self::ApiKeyCreated(id) | Self::ApiKeyRevoked(id) => ("api_key", id.as_uuid()),
        };
        Audited { kind, id: Some(id) }
    }

    /// What else there is to say.
    pub fn audit_detail(&self) -> AuditDetail {
        match *self {
            Self::ArtifactCreated(_) => AuditDetail::Version(1),
            Self::ArtifactUpdated(_, version)
            | Self::ArtifactDeleted(_, version)
            | Self::ArtifactRestored(_, version) => AuditDetail::Version(version),
            Self::MemberAdded(_, role) | Self::InvitationMade(_, role) => AuditDetail::Role(role),
            Self::MemberRoleChanged(_, from, to) | Self::InvitationRoleChanged(_, from, to) => {
                AuditDetail::Roles(from, to)
            }
            _ => AuditDetail::None,
        }
    }
}
