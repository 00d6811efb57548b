//! How people come into workspaces.

use serde::{Deserialize, Serialize};

use super::Environment;

/// How people come into workspaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Members {
    /// Whether who is added to a workspace by the address of their account is a member at once, as in the older service; if
    /// not, they are invited by mail, and become one when they accept. Default true in development, false elsewhere.
    pub direct_add: Option<bool>,
}

impl Members {
    /// Whether accounts are added at once.
    pub fn adds_directly(&self, environment: Environment) -> bool {
        self.direct_add.unwrap_or(environment == Environment::Development)
    }
}
