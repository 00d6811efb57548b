//! How much a workspace may have, and an account.

use std::sync::{Arc, PoisonError, RwLock};

/// What a quota limits: how much of it a workspace or an account has, and how much it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// Artifacts, those in the trash included.
    Artifacts,
    /// Bytes of artifacts, with those in the trash and with all histories, as they are stored.
    Bytes,
    /// Members.
    Members,
    /// API keys.
    ApiKeys,
    /// Workspaces that one account owns.
    Workspaces,
    /// Invitations that nobody has accepted yet: [`Quotas::INVITATIONS`].
    Invitations,
}

impl Quota {
    /// What it is of, in the plural.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Artifacts => "artifacts",
            Self::Bytes => "bytes of artifacts",
            Self::Members => "members",
            Self::ApiKeys => "API keys",
            Self::Workspaces => "workspaces of its own",
            Self::Invitations => "invitations that wait to be accepted",
        }
    }

    /// Who may have no more.
    pub fn whose(self) -> &'static str {
        if self == Self::Workspaces { "an account" } else { "the workspace" }
    }

    /// How to make room.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Artifacts => "purge some, those in the trash count too",
            Self::Bytes => "purge some, the trash and the histories count too",
            Self::Members => "remove one",
            Self::ApiKeys => "revoke one",
            Self::Workspaces => "delete one, or hand it over",
            Self::Invitations => "revoke one",
        }
    }
}

/// The most that every workspace and every account may have; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quotas {
    /// See [`Quota::Artifacts`].
    pub artifacts: Option<u64>,
    /// See [`Quota::Bytes`].
    pub bytes: Option<u64>,
    /// See [`Quota::Members`].
    pub members: Option<u64>,
    /// See [`Quota::ApiKeys`].
    pub api_keys: Option<u64>,
    /// See [`Quota::Workspaces`].
    pub workspaces: Option<u64>,
}

/// The quotas that hold, as they may change while the server runs.
#[derive(Clone, Debug, Default)]
pub struct SharedQuotas(Arc<RwLock<Quotas>>);

impl SharedQuotas {
    /// With these to begin with.
    pub fn new(quotas: Quotas) -> Self {
        Self(Arc::new(RwLock::new(quotas)))
    }

    /// Those that hold now.
    pub fn now(&self) -> Quotas {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has others hold from now on.
    pub fn set(&self, quotas: Quotas) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = quotas;
    }
}

impl Quotas {
    /// The most invitations that may wait in a workspace. All are looked through when one is made, while the writes of others
    /// wait.
    pub const INVITATIONS: u64 = 500;

    /// The most of this.
    pub fn of(&self, quota: Quota) -> Option<u64> {
        match quota {
            Quota::Artifacts => self.artifacts,
            Quota::Bytes => self.bytes,
            Quota::Members => self.members,
            Quota::ApiKeys => self.api_keys,
            Quota::Workspaces => self.workspaces,
            Quota::Invitations => Some(Self::INVITATIONS),
        }
    }
}

/// How much a workspace has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// See [`Quota::Artifacts`].
    pub artifacts: u64,
    /// See [`Quota::Bytes`].
    pub bytes: u64,
    /// See [`Quota::Members`].
    pub members: u64,
    /// See [`Quota::ApiKeys`].
    pub api_keys: u64,
}
