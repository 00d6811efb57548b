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
    /// See the workspace itself.
    ReadWorkspace,
    /// Get and list artifacts.
    ReadArtifacts,
    /// Create, update and delete artifacts.
    WriteArtifacts,
}

impl Action {
    /// The table itself: the least role that may do this.
    pub const fn least_role(self) -> Role {
        match self {
            Self::ReadWorkspace | Self::ReadArtifacts | Self::WriteArtifacts => Role::Member,
        }
    }
}
