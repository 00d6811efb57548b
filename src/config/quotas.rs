//! How much every workspace may have, and every account.

use serde::{Deserialize, Serialize};

use super::check::{self, Checked};

/// The most that every workspace, and every account, may have of things; by default there is no limit. What is there already stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quotas {
    /// Artifacts, those in the trash included.
    pub artifacts: Option<u64>,
    /// Bytes of artifacts, with those in the trash and with all histories, as they are stored.
    pub bytes: Option<u64>,
    /// Members.
    pub members: Option<u64>,
    /// API keys.
    pub api_keys: Option<u64>,
    /// Workspaces that one account owns.
    pub workspaces: Option<u64>,
}

impl Quotas {
    pub(super) fn check(&self) -> Checked {
        let within = |key, most: Option<u64>| most.map_or(Ok(()), |most| check::within(key, most, 1..=1 << 50));
        within("quotas.artifacts", self.artifacts)?;
        within("quotas.bytes", self.bytes)?;
        within("quotas.members", self.members)?;
        within("quotas.api_keys", self.api_keys)?;
        within("quotas.workspaces", self.workspaces)
    }
}
