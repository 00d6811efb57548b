//! What the operator of the server says of a workspace.

use super::Quotas;

/// What the operator says of a workspace. Nobody in it can change that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Terms {
    /// Whether its members are kept from it.
    pub is_suspended: bool,
    /// How much it may have, where that is not as for all.
    pub quotas: OwnQuotas,
}

/// Quotas of one workspace, in the place of those for all; `None` is as for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct OwnQuotas {
    /// See [`super::Quota::Artifacts`].
    pub artifacts: Option<u64>,
    /// See [`super::Quota::Bytes`].
    pub bytes: Option<u64>,
    /// See [`super::Quota::Members`].
    pub members: Option<u64>,
    /// See [`super::Quota::ApiKeys`].
    pub api_keys: Option<u64>,
}

impl OwnQuotas {
    /// The largest quota, which is as good as none.
    pub const MAX: u64 = 1 << 50;

    /// What holds for the workspace, where `all` holds for the others.
    pub fn over(self, all: Quotas) -> Quotas {
        Quotas {
            artifacts: self.artifacts.or(all.artifacts),
            bytes: self.bytes.or(all.bytes),
            members: self.members.or(all.members),
            api_keys: self.api_keys.or(all.api_keys),
            workspaces: all.workspaces,
        }
    }
}
