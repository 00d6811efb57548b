//! Who may do what: the role × action table, in one place.

use serde::{Deserialize, Serialize};

/// A member's standing in a workspace. Greater means more may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads and writes artifacts.
    Member,
    /// Also manages the workspace and its members.
    Admin,
    /// Also decides on roles, and on the end of the workspace.
    Owner,
}

impl Role {
    /// The role's name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// Whether a member with this role may do `action`.
    pub fn may(self, action: Action) -> bool {
        self >= action.least_role()
    }
}

/// Something done inside a workspace that needs a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// See the workspace itself, and point a session at it.
    ReadWorkspace,
    /// Get and list artifacts.
    ReadArtifacts,
    /// Create, update, delete and restore artifacts.
    WriteArtifacts,
    /// Remove artifacts for good.
    PurgeArtifacts,
    /// See who is a member.
    ReadMembers,
    /// Make someone a member.
    AddMembers,
    /// Change members' roles.
    ChangeRoles,
    /// End someone's membership.
    RemoveMembers,
    /// Change what a workspace says of itself.
    UpdateWorkspace,
    /// End a workspace.
    DeleteWorkspace,
    /// List, make and revoke API keys.
    ManageApiKeys,
    /// Read who did what.
    ReadAudit,
    /// Read what the last requests were like.
    ReadTraces,
}

impl Action {
    /// The table itself: the least role that may do this.
    pub const fn least_role(self) -> Role {
        match self {
            Self::ReadWorkspace | Self::ReadArtifacts | Self::WriteArtifacts | Self::ReadMembers => Role::Member,
            Self::PurgeArtifacts
            | Self::AddMembers
            | Self::UpdateWorkspace
            | Self::ManageApiKeys
            | Self::ReadAudit
            | Self::ReadTraces => Role::Admin,
            Self::ChangeRoles | Self::RemoveMembers | Self::DeleteWorkspace => Role::Owner,
        }
    }

    /// The scope that lets an API key do this; `None` for what only people do.
    pub const fn scope(self) -> Option<Scope> {
        match self {
            Self::ReadArtifacts => Some(Scope::ReadArtifacts),
            Self::WriteArtifacts => Some(Scope::WriteArtifacts),
            Self::ReadWorkspace
            | Self::ReadMembers
            | Self::PurgeArtifacts
            | Self::AddMembers
            | Self::UpdateWorkspace
            | Self::ManageApiKeys
            | Self::ReadAudit
            | Self::ReadTraces
            | Self::ChangeRoles
            | Self::RemoveMembers
            | Self::DeleteWorkspace => None,
        }
    }
}

/// What an API key may be made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Get, list, search and export artifacts.
    ReadArtifacts,
    /// Create, update, delete, restore and import artifacts.
    WriteArtifacts,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 2] = [Self::ReadArtifacts, Self::WriteArtifacts];

    /// The scope's name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadArtifacts => "artifacts:read",
            Self::WriteArtifacts => "artifacts:write",
        }
    }
}
