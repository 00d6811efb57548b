//! The table of operations: each is declared once, with everything that holds for it.
//!
//! Middlewares read the row of the operation that a request matched; nothing else decides who may ask, how often, what
//! may be stored of the answer, or how long it may take. Knows the actions of `domain`, and nothing of HTTP.

mod row;

use crate::domain::Action;

pub use row::{Access, Answers, Body, RateClass, Replay, Row};

use row::{ALL, LONG};

/// Everything that a client can ask for. What holds for each is in [`Operation::row`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Pages and documents about the API, and where things are.
    Index,
    /// Whether the process answers, and whether it serves.
    Probe,
    /// Whether the server and its parts work.
    Health,
    /// Metrics for a scraper.
    Metrics,
    /// Registering an account.
    AuthRegister,
    /// Making the first operator.
    AuthSetup,
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
    /// Changing what one is called.
    AuthProfileChange,
    /// Asking for another address.
    AuthEmailChange,
    /// Getting everything about oneself.
    AuthExport,
    /// Deleting one's account.
    AuthDelete,
    /// Accepting an invitation.
    AuthInvitationAccept,
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
    /// Listing the last requests in a workspace.
    WorkspaceTraces,
    /// Listing the members of a workspace.
    MemberList,
    /// Making someone a member.
    MemberAdd,
    /// Changing a member's role.
    MemberUpdate,
    /// Ending a membership.
    MemberRemove,
    /// Ending one's own membership.
    WorkspaceLeave,
    /// Handing a workspace over to another member.
    WorkspaceTransfer,
    /// Listing the invitations to a workspace.
    InvitationList,
    /// Inviting somebody.
    InvitationCreate,
    /// Revoking an invitation.
    InvitationRevoke,
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
    /// Listing accounts.
    AccountList,
    /// Looking at an account.
    AccountGet,
    /// Letting an account sign in or operate, or keeping it from it.
    AccountUpdate,
    /// Making an account for somebody.
    AccountCreate,
    /// Setting another password for somebody, or letting them choose one.
    AccountPassword,
    /// Listing the sessions of an account.
    AccountSessionList,
    /// Ending the sessions of an account.
    AccountSessionRevoke,
    /// Telling everything about a person.
    AccountExport,
    /// Deleting an account.
    AccountDelete,
    /// Listing all workspaces, as an operator.
    TenantList,
    /// Looking at what a workspace takes up, as an operator.
    TenantGet,
    /// Suspending or resuming a workspace, or setting its quotas.
    TenantUpdate,
    /// Deleting a workspace, as an operator.
    TenantDelete,
    /// Sending all artifacts of a workspace to an operator.
    TenantExport,
    /// Taking in artifacts for a workspace from an operator.
    TenantImport,
    /// Counting everything.
    SystemStats,
    /// Beginning a backup.
    SystemBackup,
    /// Listing the last requests.
    SystemTraces,
    /// Looking at one trace.
    SystemTrace,
    /// Reading the newest log lines.
    SystemLog,
    /// Seeing how the last hour was.
    SystemHistory,
    /// Reading the configuration again.
    SystemReload,
    /// Seeing or setting the level of the log.
    SystemLogLevel,
    /// Seeing the configuration that is in force.
    SystemConfiguration,
    /// Seeing or setting whether writes are refused.
    SystemReadOnly,
    /// Having another key sign.
    SystemKeyRotate,
    /// Seeing what takes up space.
    SystemStorage,
    /// Checking that everything in the database agrees.
    SystemCheck,
    /// Seeing how the search index does, or having it rebuilt.
    SystemSearchIndex,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 85] = [
        Self::Index,
        Self::Probe,
        Self::Health,
        Self::Metrics,
        Self::AuthRegister,
        Self::AuthSetup,
        Self::AuthLogin,
        Self::AuthRefresh,
        Self::AuthLogout,
        Self::AuthMe,
        Self::AuthVerifyEmail,
        Self::AuthVerifyEmailResend,
        Self::AuthPasswordChange,
        Self::AuthPasswordForgot,
        Self::AuthPasswordReset,
        Self::AuthProfileChange,
        Self::AuthEmailChange,
        Self::AuthExport,
        Self::AuthDelete,
        Self::AuthInvitationAccept,
        Self::AuthSessionList,
        Self::AuthSessionRevoke,
        Self::WorkspaceCreate,
        Self::WorkspaceList,
        Self::WorkspaceGet,
        Self::WorkspaceUpdate,
        Self::WorkspaceDelete,
        Self::WorkspaceSwitch,
        Self::WorkspaceAudit,
        Self::WorkspaceTraces,
        Self::MemberList,
        Self::MemberAdd,
        Self::MemberUpdate,
        Self::MemberRemove,
        Self::WorkspaceLeave,
        Self::WorkspaceTransfer,
        Self::InvitationList,
        Self::InvitationCreate,
        Self::InvitationRevoke,
        Self::ApiKeyList,
        Self::ApiKeyCreate,
        Self::ApiKeyRevoke,
        Self::ArtifactCreate,
        Self::ArtifactGet,
        Self::ArtifactList,
        Self::ArtifactSearch,
        Self::ArtifactUpdate,
        Self::ArtifactDelete,
        Self::ArtifactRestore,
        Self::ArtifactPurge,
        Self::ArtifactHistory,
        Self::ArtifactStats,
        Self::ArtifactTags,
        Self::ArtifactBulk,
        Self::ArtifactExport,
        Self::ArtifactImport,
        Self::AccountList,
        Self::AccountGet,
        Self::AccountUpdate,
        Self::AccountCreate,
        Self::AccountPassword,
        Self::AccountSessionList,
        Self::AccountSessionRevoke,
        Self::AccountExport,
        Self::AccountDelete,
        Self::TenantList,
        Self::TenantGet,
        Self::TenantUpdate,
        Self::TenantDelete,
        Self::TenantExport,
        Self::TenantImport,
        Self::SystemStats,
        Self::SystemBackup,
        Self::SystemTraces,
        Self::SystemTrace,
        Self::SystemLog,
        Self::SystemHistory,
        Self::SystemReload,
        Self::SystemLogLevel,
        Self::SystemConfiguration,
        Self::SystemReadOnly,
        Self::SystemKeyRotate,
        Self::SystemStorage,
        Self::SystemCheck,
        Self::SystemSearchIndex,
    ];

    /// The table: the name of the business span, the ids in the OpenAPI document, and what holds for it.
    #[rustfmt::skip]
    pub const fn row(self) -> Row {
        match self {
            Self::Index => Row::without_span(&["index"]).anyone(),
            Self::Probe => Row::without_span(&["livez", "readyz"]).anyone().probe(),
            Self::Health => Row::without_span(&["health", "health_v1", "health_detailed"]).anyone().of_operators(),
            Self::Metrics => Row::without_span(&["metrics"]).anyone().probe(),
            Self::AuthRegister => Row::of("auth.register", &["register"]).anyone().rate(RateClass::Register).secret(),
            Self::AuthSetup => Row::of("auth.setup", &[]).anyone().rate(RateClass::Register).secret(),
            Self::AuthLogin => Row::of("auth.login", &["login"]).anyone().rate(RateClass::Login).secret(),
            Self::AuthRefresh => Row::of("auth.refresh", &["refresh"]).anyone().rate(RateClass::Refresh).secret(),
            Self::AuthLogout => Row::of("auth.logout", &["logout"]).signed_in().secret(),
            Self::AuthMe => Row::of("auth.me", &["me"]).signed_in().secret(),
            Self::AuthVerifyEmail => Row::of("auth.verify_email", &["verify_email"]).anyone().rate(RateClass::Mail).secret(),
            Self::AuthVerifyEmailResend => Row::of("auth.verify_email.resend", &["resend_verification"]).anyone().rate(RateClass::Mail).secret(),
            Self::AuthPasswordChange => Row::of("auth.password_change", &["change_password"]).signed_in().secret(),
            Self::AuthPasswordForgot => Row::of("auth.password_forgot", &["forgot_password"]).anyone().rate(RateClass::Mail).secret(),
            Self::AuthPasswordReset => Row::of("auth.password_reset", &["reset_password"]).anyone().rate(RateClass::Mail).secret(),
            Self::AuthProfileChange => Row::of("auth.profile_change", &["change_profile"]).signed_in().secret(),
            Self::AuthEmailChange => Row::of("auth.email_change", &["change_email"]).signed_in().rate(RateClass::Mail).secret(),
            Self::AuthExport => Row::of("auth.export", &["export_own_data"]).signed_in().secret().within(LONG),
            Self::AuthDelete => Row::of("auth.delete", &["delete_own_account"]).signed_in().secret(),
            Self::AuthInvitationAccept => Row::of("auth.invitation.accept", &["accept_invitation"]).signed_in().rate(RateClass::Mail).secret().replayed(),
            Self::AuthSessionList => Row::of("auth.session.list", &["list_sessions"]).signed_in().secret(),
            Self::AuthSessionRevoke => Row::of("auth.session.revoke", &["revoke_other_sessions", "revoke_session"]).signed_in().secret(),
            Self::WorkspaceCreate => Row::of("workspace.create", &["create_workspace"]).signed_in().rate(RateClass::WorkspaceCreate).replayed(),
            Self::WorkspaceList => Row::of("workspace.list", &["list_workspaces"]).signed_in(),
            Self::WorkspaceGet => Row::of("workspace.get", &["get_workspace"]).member(Action::ReadWorkspace),
            Self::WorkspaceUpdate => Row::of("workspace.update", &["update_workspace", "patch_workspace"]).member(Action::UpdateWorkspace),
            Self::WorkspaceDelete => Row::of("workspace.delete", &["delete_workspace"]).member(Action::DeleteWorkspace),
            Self::WorkspaceSwitch => Row::of("workspace.switch", &["switch_workspace"]).member(Action::ReadWorkspace).secret().once(),
            Self::WorkspaceAudit => Row::of("workspace.audit", &["list_audit"]).member(Action::ReadAudit),
            Self::WorkspaceTraces => Row::of("workspace.traces", &["list_workspace_traces"]).member(Action::ReadTraces).secret(),
            Self::MemberList => Row::of("workspace.member.list", &["list_members"]).member(Action::ReadMembers),
            Self::MemberAdd => Row::of("workspace.member.add", &["add_member"]).member(Action::AddMembers).replayed(),
            Self::MemberUpdate => Row::of("workspace.member.update", &["change_member_role"]).member(Action::ChangeRoles),
            Self::MemberRemove => Row::of("workspace.member.remove", &["remove_member"]).member(Action::RemoveMembers),
            Self::WorkspaceLeave => Row::of("workspace.leave", &["leave_workspace"]).member(Action::ReadWorkspace).replayed(),
            Self::WorkspaceTransfer => Row::of("workspace.transfer", &["transfer_workspace"]).member(Action::ChangeRoles).replayed(),
            Self::InvitationList => Row::of("workspace.invitation.list", &["list_invitations"]).member(Action::AddMembers),
            Self::InvitationCreate => Row::of("workspace.invitation.create", &["create_invitation"]).member(Action::AddMembers).secret().once(),
            Self::InvitationRevoke => Row::of("workspace.invitation.revoke", &["revoke_invitation"]).member(Action::AddMembers),
            Self::ApiKeyList => Row::of("workspace.api_key.list", &["list_api_keys"]).member(Action::ManageApiKeys),
            Self::ApiKeyCreate => Row::of("workspace.api_key.create", &["create_api_key"]).member(Action::ManageApiKeys).secret().once(),
            Self::ApiKeyRevoke => Row::of("workspace.api_key.revoke", &["revoke_api_key"]).member(Action::ManageApiKeys),
            Self::ArtifactCreate => Row::of("artifact.create", &["create_artifact"]).member(Action::WriteArtifacts).replayed(),
            Self::ArtifactGet => Row::of("artifact.get", &["get_artifact"]).member(Action::ReadArtifacts),
            Self::ArtifactList => Row::of("artifact.list", &["list_artifacts"]).member(Action::ReadArtifacts),
            Self::ArtifactSearch => Row::of("artifact.search", &["search_artifacts"]).member(Action::ReadArtifacts),
            Self::ArtifactUpdate => Row::of("artifact.update", &["update_artifact", "patch_artifact"]).member(Action::WriteArtifacts),
            Self::ArtifactDelete => Row::of("artifact.delete", &["delete_artifact"]).member(Action::WriteArtifacts),
            Self::ArtifactRestore => Row::of("artifact.restore", &["restore_artifact"]).member(Action::WriteArtifacts).replayed(),
            Self::ArtifactPurge => Row::of("artifact.purge", &[]).member(Action::PurgeArtifacts),
            Self::ArtifactHistory => Row::of("artifact.history", &["artifact_history"]).member(Action::ReadArtifacts),
            Self::ArtifactStats => Row::of("artifact.stats", &["artifact_stats"]).member(Action::ReadArtifacts),
            Self::ArtifactTags => Row::of("artifact.tags", &["list_artifact_tags"]).member(Action::ReadArtifacts),
            Self::ArtifactBulk => Row::of("artifact.bulk", &["bulk_write_artifacts"]).member(Action::WriteArtifacts).replayed().within(LONG),
            Self::ArtifactExport => Row::of("artifact.export", &["export_artifacts"]).member(Action::ReadArtifacts).within(LONG),
            Self::ArtifactImport => Row::of("artifact.import", &["import_artifacts"]).member(Action::WriteArtifacts).replayed().import().within(LONG),
            Self::AccountList => Row::of("account.list", &["list_accounts"]).operator(),
            Self::AccountGet => Row::of("account.get", &["get_account"]).operator(),
            Self::AccountUpdate => Row::of("account.update", &["disable_account", "enable_account", "grant_operator", "revoke_operator"]).operator(),
            Self::AccountCreate => Row::of("account.create", &["create_account"]).operator().once_whatever_is_sent(),
            Self::AccountPassword => Row::of("account.password", &["set_account_password", "create_reset_link"]).operator().once_whatever_is_sent(),
            Self::AccountSessionList => Row::of("account.session.list", &["list_account_sessions"]).operator(),
            Self::AccountSessionRevoke => Row::of("account.session.revoke", &["end_account_sessions"]).operator(),
            Self::AccountExport => Row::of("account.export", &["export_account"]).operator().within(LONG),
            Self::AccountDelete => Row::of("account.delete", &["delete_account"]).operator(),
            Self::TenantList => Row::of("tenant.list", &["list_operated_workspaces"]).operator(),
            Self::TenantGet => Row::of("tenant.get", &["get_operated_workspace"]).operator(),
            Self::TenantUpdate => Row::of("tenant.update", &["suspend_workspace", "resume_workspace", "set_workspace_quotas"]).operator(),
            Self::TenantDelete => Row::of("tenant.delete", &["delete_operated_workspace"]).operator(),
            Self::TenantExport => Row::of("tenant.export", &["export_operated_workspace"]).operator().within(LONG),
            Self::TenantImport => Row::of("tenant.import", &["import_operated_workspace"]).operator().replayed().import().within(LONG),
            Self::SystemStats => Row::of("system.stats", &["system_stats"]).known(),
            Self::SystemBackup => Row::of("system.backup", &["create_backup"]).operator().within(LONG),
            Self::SystemTraces => Row::of("system.traces", &["list_traces"]).operator(),
            Self::SystemTrace => Row::of("system.trace", &["get_trace"]).operator(),
            Self::SystemLog => Row::of("system.log", &["list_log"]).operator(),
            Self::SystemHistory => Row::of("system.history", &["get_metrics_history"]).operator(),
            Self::SystemReload => Row::of("system.reload", &["reload"]).operator(),
            Self::SystemLogLevel => Row::of("system.log_level", &["get_log_level", "set_log_level"]).operator(),
            Self::SystemConfiguration => Row::of("system.configuration", &["get_configuration"]).operator(),
            Self::SystemKeyRotate => Row::of("system.key_rotate", &["rotate_signing_key"]).operator(),
            Self::SystemReadOnly => Row::of("system.read_only", &["get_read_only", "set_read_only"]).operator(),
            Self::SystemStorage => Row::of("system.storage", &["get_storage"]).operator().within(ALL),
            Self::SystemCheck => Row::of("system.check", &["check_database"]).operator().within(ALL),
            Self::SystemSearchIndex => Row::of("system.search_index", &["get_search_index", "rebuild_search_index"]).operator(),
        }
    }

    /// The operation that has this id in the OpenAPI document.
    pub fn by_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.row().ids.contains(&id))
    }

    /// The name of its business span. The names are the product's own and fixed.
    pub const fn span_name(self) -> &'static str {
        self.row().span
    }

    /// The `operation` label of `artifact_operation_duration_seconds`, for operations on artifacts.
    pub fn artifact_label(self) -> Option<&'static str> {
        self.span_name().strip_prefix("artifact")?.strip_prefix('.')
    }

    /// How the caller proves who it is, for operations that are attempts to.
    pub const fn auth_method(self) -> Option<&'static str> {
        match self {
            Self::AuthLogin => Some("password"),
            Self::AuthRefresh => Some("refresh"),
            _ => None,
        }
    }
}
