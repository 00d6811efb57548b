//! What entries of the change log say was done.

use poem_openapi::Enum;
use serde::Serialize;

/// What was done. More may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Enum)]
#[oai(rename = "AuditAction")]
pub(super) enum ActionName {
    #[serde(rename = "user.registered")]
    #[oai(rename = "user.registered")]
    UserRegistered,
    #[serde(rename = "user.password_rehashed")]
    #[oai(rename = "user.password_rehashed")]
    UserPasswordRehashed,
    #[serde(rename = "user.verification_requested")]
    #[oai(rename = "user.verification_requested")]
    UserVerificationRequested,
    #[serde(rename = "user.email_verified")]
    #[oai(rename = "user.email_verified")]
    UserEmailVerified,
    #[serde(rename = "user.password_reset_requested")]
    #[oai(rename = "user.password_reset_requested")]
    UserPasswordResetRequested,
    #[serde(rename = "user.password_reset")]
    #[oai(rename = "user.password_reset")]
    UserPasswordReset,
    #[serde(rename = "user.password_changed")]
    #[oai(rename = "user.password_changed")]
    UserPasswordChanged,
    #[serde(rename = "user.disabled")]
    #[oai(rename = "user.disabled")]
    UserDisabled,
    #[serde(rename = "user.enabled")]
    #[oai(rename = "user.enabled")]
    UserEnabled,
    #[serde(rename = "user.operator_granted")]
    #[oai(rename = "user.operator_granted")]
    UserOperatorGranted,
    #[serde(rename = "user.operator_revoked")]
    #[oai(rename = "user.operator_revoked")]
    UserOperatorRevoked,
    #[serde(rename = "user.password_set")]
    #[oai(rename = "user.password_set")]
    UserPasswordSet,
    #[serde(rename = "user.sessions_ended")]
    #[oai(rename = "user.sessions_ended")]
    UserSessionsEnded,
    #[serde(rename = "user.profile_changed")]
    #[oai(rename = "user.profile_changed")]
    UserProfileChanged,
    #[serde(rename = "user.email_change_requested")]
    #[oai(rename = "user.email_change_requested")]
    UserEmailChangeRequested,
    #[serde(rename = "user.email_changed")]
    #[oai(rename = "user.email_changed")]
    UserEmailChanged,
    #[serde(rename = "user.deleted")]
    #[oai(rename = "user.deleted")]
    UserDeleted,
    #[serde(rename = "user.brought_back")]
    #[oai(rename = "user.brought_back")]
    UserBroughtBack,
    #[serde(rename = "user.login_failed")]
    #[oai(rename = "user.login_failed")]
    UserLoginFailed,
    #[serde(rename = "session.opened")]
    #[oai(rename = "session.opened")]
    SessionOpened,
    #[serde(rename = "session.refreshed")]
    #[oai(rename = "session.refreshed")]
    SessionRefreshed,
    #[serde(rename = "session.revoked_for_reuse")]
    #[oai(rename = "session.revoked_for_reuse")]
    SessionRevokedForReuse,
    #[serde(rename = "session.closed")]
    #[oai(rename = "session.closed")]
    SessionClosed,
    #[serde(rename = "session.expired")]
    #[oai(rename = "session.expired")]
    SessionExpired,
    #[serde(rename = "session.switched")]
    #[oai(rename = "session.switched")]
    SessionSwitched,
    #[serde(rename = "session.revoked")]
    #[oai(rename = "session.revoked")]
    SessionRevoked,
    #[serde(rename = "session.refresh_repeated")]
    #[oai(rename = "session.refresh_repeated")]
    SessionRefreshRepeated,
    #[serde(rename = "session.displaced")]
    #[oai(rename = "session.displaced")]
    SessionDisplaced,
    #[serde(rename = "workspace.created")]
    #[oai(rename = "workspace.created")]
    WorkspaceCreated,
    #[serde(rename = "workspace.updated")]
    #[oai(rename = "workspace.updated")]
    WorkspaceUpdated,
    #[serde(rename = "workspace.deleted")]
    #[oai(rename = "workspace.deleted")]
    WorkspaceDeleted,
    #[serde(rename = "workspace.suspended")]
    #[oai(rename = "workspace.suspended")]
    WorkspaceSuspended,
    #[serde(rename = "workspace.resumed")]
    #[oai(rename = "workspace.resumed")]
    WorkspaceResumed,
    #[serde(rename = "workspace.quotas_set")]
    #[oai(rename = "workspace.quotas_set")]
    WorkspaceQuotasSet,
    #[serde(rename = "workspace.exported")]
    #[oai(rename = "workspace.exported")]
    WorkspaceExported,
    #[serde(rename = "artifact.created")]
    #[oai(rename = "artifact.created")]
    ArtifactCreated,
    #[serde(rename = "artifact.updated")]
    #[oai(rename = "artifact.updated")]
    ArtifactUpdated,
    #[serde(rename = "artifact.deleted")]
    #[oai(rename = "artifact.deleted")]
    ArtifactDeleted,
    #[serde(rename = "artifact.restored")]
    #[oai(rename = "artifact.restored")]
    ArtifactRestored,
    #[serde(rename = "artifact.purged")]
    #[oai(rename = "artifact.purged")]
    ArtifactPurged,
    #[serde(rename = "member.added")]
    #[oai(rename = "member.added")]
    MemberAdded,
    #[serde(rename = "member.role_changed")]
    #[oai(rename = "member.role_changed")]
    MemberRoleChanged,
    #[serde(rename = "member.removed")]
    #[oai(rename = "member.removed")]
    MemberRemoved,
    #[serde(rename = "invitation.made")]
    #[oai(rename = "invitation.made")]
    InvitationMade,
    #[serde(rename = "invitation.role_changed")]
    #[oai(rename = "invitation.role_changed")]
    InvitationRoleChanged,
    #[serde(rename = "invitation.revoked")]
    #[oai(rename = "invitation.revoked")]
    InvitationRevoked,
    #[serde(rename = "invitation.accepted")]
    #[oai(rename = "invitation.accepted")]
    InvitationAccepted,
    #[serde(rename = "api_key.created")]
    #[oai(rename = "api_key.created")]
    ApiKeyCreated,
    #[serde(rename = "api_key.revoked")]
    #[oai(rename = "api_key.revoked")]
    ApiKeyRevoked,
}
