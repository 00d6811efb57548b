//! The tables and counters, by name.

use crate::domain::TenantId;

/// A table of rows. What its keys consist of comes after `‖`; the scope comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// user → account.
    Users,
    /// address → user: a claim, which one account has.
    UsersByEmail,
    /// user ‖ purpose → the one-time token that is good for it.
    OneTimeTokens,
    /// user ‖ session → session.
    Sessions,
    /// user ‖ session → its newest spent refresh tokens, so that reuse is seen.
    SpentTokens,
    /// user ‖ session → the salts of its tokens that were spent a moment ago, by which these lead to their successors.
    RefreshSalts,
    /// tenant → workspace.
    Workspaces,
    /// slug → tenant: a claim, which one workspace has.
    WorkspacesBySlug,
    /// tenant: the workspace was deleted, and what was in it is being removed.
    WorkspacesDeleted,
    /// tenant ‖ user → membership.
    Members,
    /// user ‖ tenant: `Members` the other way round.
    MembershipsByUser,
    /// tenant ‖ invitation → invitation.
    Invitations,
    /// tenant ‖ key → API key.
    ApiKeys,
    /// tenant ‖ key → when the API key was last used.
    ApiKeyUses,
    /// tenant ‖ artifact → artifact that is not in the trash.
    Artifacts,
    /// tenant ‖ artifact → artifact in the trash.
    ArtifactsTrash,
    /// tenant ‖ whether it is in the trash ‖ time of creation ‖ artifact: `Artifacts` and `ArtifactsTrash` in the order of
    /// creation.
    ArtifactsByCreation,
    /// tenant ‖ artifact ‖ version → the artifact as it was at a version before its current one.
    ArtifactVersions,
    /// tenant ‖ user ‖ half a digest, or user ‖ digest, of an idempotency key → what was done under it, and its answer.
    Answers,
    /// expiry ‖ tenant or user ‖ digest: `Answers` in the order in which they expire.
    AnswersByExpiry,
}

impl Table {
    /// Those of what is in workspaces, in the order in which a deleted one is swept.
    pub const IN_WORKSPACES: [Self; 8] = [
        Self::ArtifactsByCreation,
        Self::Artifacts,
        Self::ArtifactsTrash,
        Self::ArtifactVersions,
        Self::ApiKeyUses,
        Self::ApiKeys,
        Self::Invitations,
        Self::Members,
    ];

    /// All there are, in the order that they have in backups.
    pub(super) const ALL: [Self; 20] = [
        Self::Users,
        Self::UsersByEmail,
        Self::OneTimeTokens,
        Self::Sessions,
        Self::SpentTokens,
        Self::RefreshSalts,
        Self::Workspaces,
        Self::WorkspacesBySlug,
        Self::WorkspacesDeleted,
        Self::Members,
        Self::MembershipsByUser,
        Self::Invitations,
        Self::ApiKeys,
        Self::ApiKeyUses,
        Self::Artifacts,
        Self::ArtifactsTrash,
        Self::ArtifactsByCreation,
        Self::ArtifactVersions,
        Self::Answers,
        Self::AnswersByExpiry,
    ];

    /// The name of the table, for operators.
    pub fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::UsersByEmail => "users_by_email",
            Self::OneTimeTokens => "one_time_tokens",
            Self::Sessions => "sessions",
            Self::SpentTokens => "spent_refresh_tokens",
            Self::RefreshSalts => "refresh_salts",
            Self::Workspaces => "workspaces",
            Self::WorkspacesBySlug => "workspaces_by_slug",
            Self::WorkspacesDeleted => "workspaces_deleted",
            Self::Members => "members",
            Self::MembershipsByUser => "memberships_by_user",
            Self::Invitations => "invitations",
            Self::ApiKeys => "api_keys",
            Self::ApiKeyUses => "api_key_uses",
            Self::Artifacts => "artifacts",
            Self::ArtifactsTrash => "artifacts_trash",
            Self::ArtifactsByCreation => "artifacts_by_creation",
            Self::ArtifactVersions => "artifact_versions",
            Self::Answers => "answers",
            Self::AnswersByExpiry => "answers_by_expiry",
        }
    }

    /// How long its keys are, in bytes. Texts are as long as they are, and have no order that means anything.
    pub(super) fn key_len(self) -> usize {
        match self {
            Self::Users | Self::Workspaces | Self::WorkspacesDeleted => 16,
            Self::OneTimeTokens => 17,
            Self::Sessions
            | Self::SpentTokens
            | Self::RefreshSalts
            | Self::Members
            | Self::MembershipsByUser
            | Self::Invitations
            | Self::ApiKeys
            | Self::ApiKeyUses
            | Self::Artifacts
            | Self::ArtifactsTrash => 32,
            Self::ArtifactVersions => 40,
            Self::ArtifactsByCreation => 41,
            Self::Answers => 48,
            Self::AnswersByExpiry => 56,
            Self::UsersByEmail | Self::WorkspacesBySlug => 0,
        }
    }

    /// How long its rows are, in bytes, if all are as long: ids that texts lead to, and nothing where the key says it all.
    pub(super) fn row_len(self) -> Option<usize> {
        match self {
            Self::UsersByEmail | Self::WorkspacesBySlug => Some(16),
            Self::WorkspacesDeleted | Self::MembershipsByUser | Self::ArtifactsByCreation | Self::AnswersByExpiry => {
                Some(0)
            }
            _ => None,
        }
    }
}

/// Stands where the scope does in the keys of what is counted in all.
pub const WHOLE: [u8; 16] = [0; 16];

/// What is counted. The numbers are part of stored keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Counter {
    /// Accounts, in all.
    Users = 1,
    /// Workspaces, in all.
    Workspaces = 2,
    /// Members of a workspace, and in all.
    Members = 3,
    /// Artifacts of a workspace, those in the trash included, and in all.
    Artifacts = 4,
    /// Artifacts of a workspace that are not in the trash, and in all.
    ActiveArtifacts = 5,
    /// The position of a workspace's newest entry in the change log: the engine's own.
    NewestChange = 6,
    /// Members of a workspace that own it.
    Owners = 7,
    /// The position of the first entry that the change log still has, and none while it has all: the engine's own.
    OldestChange = 8,
    /// API keys of a workspace.
    ApiKeys = 9,
    /// Bytes of the rows of a workspace's artifacts, with those in the trash and with the versions before.
    Bytes = 10,
    /// The position of the newest entry in the change log that is about a workspace: the engine's own.
    NewestAbout = 11,
    /// Accounts whose hash another service made, by what it costs: [`Self::cost_scope`].
    OlderHashes = 12,
}

impl Counter {
    /// What is counted in each workspace and in all.
    pub const SUMMED: [Self; 3] = [Self::Members, Self::Artifacts, Self::ActiveArtifacts];

    /// Stands where the scope does of what is counted by a cost. No UUID is like it: the variant would be a reserved one
    /// (RFC 9562, section 4.1).
    pub fn cost_scope(cost: u32) -> [u8; 16] {
        let mut scope = *b"older hashes\0\0\0\0";
        scope[12..].copy_from_slice(&cost.to_be_bytes());
        scope
    }

    /// Whether it is counted in each scope.
    pub fn is_scoped(self) -> bool {
        !matches!(self, Self::Users | Self::Workspaces | Self::OldestChange)
    }

    /// The key of the counter of a scope.
    pub fn of(self, scope: [u8; 16]) -> [u8; 17] {
        let mut key = [self as u8; 17];
        key[..16].copy_from_slice(&scope);
        key
    }

    /// The key of the counter of a workspace.
    pub fn of_tenant(self, tenant: TenantId) -> [u8; 17] {
        self.of(tenant.to_bytes())
    }

    /// The key of the counter over all workspaces.
    pub fn of_all(self) -> [u8; 17] {
        self.of(WHOLE)
    }

    /// Whether this is the key of such a counter, of whatever.
    pub fn is_of(self, key: &[u8; 17]) -> bool {
        key[16] == self as u8
    }

    /// Whether it is counted in all.
    pub fn is_whole(self) -> bool {
        !self.is_scoped() || Self::SUMMED.contains(&self)
    }
}
