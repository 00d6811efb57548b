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
    /// Creating a workspace.
    WorkspaceCreate,
    /// Listing one's workspaces.
    WorkspaceList,
    /// Looking at a workspace.
    WorkspaceGet,
    /// Creating an artifact.
    ArtifactCreate,
    /// Getting an artifact.
    ArtifactGet,
    /// Listing artifacts.
    ArtifactList,
    /// Listing artifacts that match a text: a listing, whose duration also counts as a search.
    ArtifactSearch,
    /// Changing an artifact.
    ArtifactUpdate,
    /// Moving an artifact to the trash.
    ArtifactDelete,
    /// Counting everything.
    SystemStats,
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
            Self::WorkspaceCreate => "workspace.create",
            Self::WorkspaceList => "workspace.list",
            Self::WorkspaceGet => "workspace.get",
            Self::ArtifactCreate => "artifact.create",
            Self::ArtifactGet => "artifact.get",
            Self::ArtifactList | Self::ArtifactSearch => "artifact.list",
            Self::ArtifactUpdate => "artifact.update",
            Self::ArtifactDelete => "artifact.delete",
            Self::SystemStats => "system.stats",
        }
    }

    /// The `operation` label of `artifact_operation_duration_seconds`, for operations on artifacts.
    pub(super) const fn artifact_label(self) -> Option<&'static str> {
        match self {
            Self::ArtifactCreate => Some("create"),
            Self::ArtifactGet => Some("get"),
            Self::ArtifactList | Self::ArtifactSearch => Some("list"),
            Self::ArtifactUpdate => Some("update"),
            Self::ArtifactDelete => Some("delete"),
            Self::AuthRegister
            | Self::AuthLogin
            | Self::AuthRefresh
            | Self::AuthLogout
            | Self::AuthMe
            | Self::WorkspaceCreate
            | Self::WorkspaceList
            | Self::WorkspaceGet
            | Self::SystemStats => None,
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
