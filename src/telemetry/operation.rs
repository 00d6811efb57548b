//! Everything the service can be asked to do, by the name its span has.

/// A use case. Its name is the span's; the names are the product's own and fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Registering an account.
    AuthRegister,
    /// Signing in.
    AuthLogin,
    /// Exchanging a refresh token.
    AuthRefresh,
    /// Signing out.
    AuthLogout,
    /// Looking at one's own account.
    AuthMe,
    /// Proving that an address is one's own.
    AuthVerifyEmail,
    /// Asking for the means to prove that an address is one's own.
    AuthVerifyEmailResend,
    /// Choosing another password.
    AuthPasswordChange,
    /// Asking for the means to choose another password.
    AuthPasswordForgot,
    /// Choosing another password by those means.
    AuthPasswordReset,
    /// Listing one's sessions.
    AuthSessionList,
    /// Ending other sessions of one's own.
    AuthSessionRevoke,
    /// Creating a workspace.
    WorkspaceCreate,
    /// Listing one's workspaces.
    WorkspaceList,
    /// Looking at a workspace.
    WorkspaceGet,
    /// Changing what a workspace says of itself.
    WorkspaceUpdate,
    /// Deleting a workspace.
    WorkspaceDelete,
    /// Pointing a session at a workspace.
    WorkspaceSwitch,
    /// Reading who did what in a workspace.
    WorkspaceAudit,
    /// Listing the members of a workspace.
    MemberList,
    /// Making someone a member.
    MemberAdd,
    /// Changing a member's role.
    MemberUpdate,
    /// Ending a membership.
    MemberRemove,
    /// Listing the API keys of a workspace.
    ApiKeyList,
    /// Making an API key.
    ApiKeyCreate,
    /// Revoking an API key.
    ApiKeyRevoke,
    /// Creating an artifact.
    ArtifactCreate,
    /// Getting an artifact.
    ArtifactGet,
    /// Listing artifacts.
    ArtifactList,
    /// Finding artifacts. Its duration also counts as a search.
    ArtifactSearch,
    /// Changing an artifact.
    ArtifactUpdate,
    /// Moving an artifact to the trash.
    ArtifactDelete,
    /// Taking an artifact out of the trash.
    ArtifactRestore,
    /// Removing an artifact for good.
    ArtifactPurge,
    /// Listing the versions of an artifact.
    ArtifactHistory,
    /// Counting what is in a catalog.
    ArtifactStats,
    /// Listing tags.
    ArtifactTags,
    /// Writing many artifacts at once.
    ArtifactBulk,
    /// Sending all artifacts of a workspace.
    ArtifactExport,
    /// Taking in artifacts that were exported.
    ArtifactImport,
    /// Counting everything.
    SystemStats,
    /// Beginning a backup.
    SystemBackup,
    /// Whatever a developer of the service observes by a name of their own.
    Own(&'static str),
}

impl From<&'static str> for Operation {
    fn from(name: &'static str) -> Self {
        Self::Own(name)
    }
}

impl Operation {
    /// The name of its span.
    pub const fn span_name(self) -> &'static str {
        match self {
            Self::AuthRegister => "auth.register",
            Self::AuthLogin => "auth.login",
            Self::AuthRefresh => "auth.refresh",
            Self::AuthLogout => "auth.logout",
            Self::AuthMe => "auth.me",
            Self::AuthVerifyEmail => "auth.verify_email",
            Self::AuthVerifyEmailResend => "auth.verify_email.resend",
            Self::AuthPasswordChange => "auth.password_change",
            Self::AuthPasswordForgot => "auth.password_forgot",
            Self::AuthPasswordReset => "auth.password_reset",
            Self::AuthSessionList => "auth.session.list",
            Self::AuthSessionRevoke => "auth.session.revoke",
            Self::WorkspaceUpdate => "workspace.update",
            Self::WorkspaceDelete => "workspace.delete",
            Self::WorkspaceSwitch => "workspace.switch",
            Self::WorkspaceAudit => "workspace.audit",
            Self::MemberList => "workspace.member.list",
            Self::MemberAdd => "workspace.member.add",
            Self::MemberUpdate => "workspace.member.update",
            Self::MemberRemove => "workspace.member.remove",
            Self::ApiKeyList => "workspace.api_key.list",
            Self::ApiKeyCreate => "workspace.api_key.create",
            Self::ApiKeyRevoke => "workspace.api_key.revoke",
            Self::WorkspaceCreate => "workspace.create",
            Self::WorkspaceList => "workspace.list",
            Self::WorkspaceGet => "workspace.get",
            Self::ArtifactCreate => "artifact.create",
            Self::ArtifactGet => "artifact.get",
            Self::ArtifactList => "artifact.list",
            Self::ArtifactSearch => "artifact.search",
            Self::ArtifactUpdate => "artifact.update",
            Self::ArtifactDelete => "artifact.delete",
            Self::ArtifactRestore => "artifact.restore",
            Self::ArtifactPurge => "artifact.purge",
            Self::ArtifactHistory => "artifact.history",
            Self::ArtifactStats => "artifact.stats",
            Self::ArtifactTags => "artifact.tags",
            Self::ArtifactBulk => "artifact.bulk",
            Self::ArtifactExport => "artifact.export",
            Self::ArtifactImport => "artifact.import",
            Self::SystemStats => "system.stats",
            Self::SystemBackup => "system.backup",
            Self::Own(name) => name,
        }
    }

    /// The `operation` label of `artifact_operation_duration_seconds`, for operations on artifacts.
    pub(super) const fn artifact_label(self) -> Option<&'static str> {
        match self {
            Self::ArtifactCreate => Some("create"),
            Self::ArtifactGet => Some("get"),
            Self::ArtifactList => Some("list"),
            Self::ArtifactSearch => Some("search"),
            Self::ArtifactUpdate => Some("update"),
            Self::ArtifactDelete => Some("delete"),
            Self::ArtifactRestore => Some("restore"),
            Self::ArtifactPurge => Some("purge"),
            Self::ArtifactHistory => Some("history"),
            Self::ArtifactStats => Some("stats"),
            Self::ArtifactTags => Some("tags"),
            Self::ArtifactBulk => Some("bulk"),
            Self::ArtifactExport => Some("export"),
            Self::ArtifactImport => Some("import"),
            Self::AuthRegister
            | Self::AuthLogin
            | Self::AuthRefresh
            | Self::AuthLogout
            | Self::AuthMe
            | Self::WorkspaceCreate
            | Self::WorkspaceList
            | Self::WorkspaceGet
            | Self::SystemStats
            | Self::SystemBackup
            | Self::AuthVerifyEmail
            | Self::AuthVerifyEmailResend
            | Self::AuthPasswordChange
            | Self::AuthPasswordForgot
            | Self::AuthPasswordReset
            | Self::AuthSessionList
            | Self::AuthSessionRevoke
            | Self::WorkspaceUpdate
            | Self::WorkspaceDelete
            | Self::WorkspaceSwitch
            | Self::WorkspaceAudit
            | Self::MemberList
            | Self::MemberAdd
            | Self::MemberUpdate
            | Self::MemberRemove
            | Self::ApiKeyList
            | Self::ApiKeyCreate
            | Self::ApiKeyRevoke
            | Self::Own(_) => None,
        }
    }

    /// How the caller proves who it is, for operations that are attempts to.
    pub(super) const fn auth_method(self) -> Option<&'static str> {
        match self {
            Self::AuthLogin => Some("password"),
            Self::AuthRefresh => Some("refresh"),
            _ => None,
        }
    }
}
