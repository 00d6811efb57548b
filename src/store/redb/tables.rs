//! The tables: what is in them, and how their keys are made.
//!
//! Keys are bytes of fixed width, the tenant (or user) first, so that what belongs together lies together. The ids in
//! them are of any version, and their order says nothing: artifacts are in the order of their creation in a table of its
//! own. Deletion moves a row to `artifacts_trash`.

use redb::TableDefinition;

/// Rows of versioned bytes under keys of `N` bytes.
pub(super) type Definition<const N: usize> = TableDefinition<'static, &'static [u8; N], &'static [u8]>;
/// The ids that texts lead to.
pub(super) type IndexDefinition = TableDefinition<'static, &'static str, &'static [u8; 16]>;
/// Keys that say it all.
pub(super) type SetDefinition<const N: usize> = TableDefinition<'static, &'static [u8; N], ()>;

/// user → account.
pub(super) const USERS: Definition<16> = TableDefinition::new("users");
/// address → user.
pub(super) const USERS_BY_EMAIL: IndexDefinition = TableDefinition::new("users_by_email");
/// user ‖ purpose → the one-time token that is good for it.
pub(super) const ONE_TIME_TOKENS: Definition<17> = TableDefinition::new("one_time_tokens");
/// user ‖ session → session.
pub(super) const SESSIONS: Definition<32> = TableDefinition::new("sessions");
/// user ‖ session → its newest spent refresh tokens, so that reuse is seen.
pub(super) const SPENT_TOKENS: Definition<32> = TableDefinition::new("spent_refresh_tokens");
/// user ‖ session → the salts of its tokens that were spent a moment ago.
pub(super) const REFRESH_SALTS: Definition<32> = TableDefinition::new("refresh_salts");
/// tenant → workspace.
pub(super) const WORKSPACES: Definition<16> = TableDefinition::new("workspaces");
/// slug → tenant.
pub(super) const WORKSPACES_BY_SLUG: IndexDefinition = TableDefinition::new("workspaces_by_slug");
/// tenant: the workspace was deleted, and what was in it is being removed.
pub(super) const WORKSPACES_DELETED: SetDefinition<16> = TableDefinition::new("workspaces_deleted");
/// tenant ‖ user → membership.
pub(super) const MEMBERS: Definition<32> = TableDefinition::new("members");
/// user ‖ tenant: `members` the other way round.
pub(super) const MEMBERSHIPS_BY_USER: SetDefinition<32> = TableDefinition::new("memberships_by_user");
/// tenant ‖ invitation → invitation.
pub(super) const INVITATIONS: Definition<32> = TableDefinition::new("invitations");
/// tenant ‖ key → API key.
pub(super) const API_KEYS: Definition<32> = TableDefinition::new("api_keys");
/// tenant ‖ key → when the API key was last used.
pub(super) const API_KEY_USES: Definition<32> = TableDefinition::new("api_key_uses");
/// tenant ‖ artifact → artifact that is not in the trash.
pub(super) const ARTIFACTS: Definition<32> = TableDefinition::new("artifacts");
/// tenant ‖ artifact → artifact in the trash.
pub(super) const ARTIFACTS_TRASH: Definition<32> = TableDefinition::new("artifacts_trash");
/// tenant ‖ whether it is in the trash ‖ time of creation ‖ artifact: both tables of artifacts in the order of creation.
pub(super) const ARTIFACTS_BY_CREATION: SetDefinition<41> = TableDefinition::new("artifacts_by_creation");
/// tenant ‖ artifact ‖ version → the artifact as it was at a version before its current one.
pub(super) const ARTIFACT_VERSIONS: Definition<40> = TableDefinition::new("artifact_versions");
/// tenant ‖ user ‖ half a digest, or user ‖ digest, of an idempotency key → what was done under it, and its answer.
pub(super) const ANSWERS: Definition<48> = TableDefinition::new("answers");
/// expiry ‖ tenant or user ‖ digest: `answers` in the order in which they expire.
pub(super) const ANSWERS_BY_EXPIRY: SetDefinition<56> = TableDefinition::new("answers_by_expiry");
/// tenant, or zeros for the whole ‖ kind → how many.
pub(super) const COUNTERS: TableDefinition<'static, &'static [u8; 17], u64> = TableDefinition::new("counters");
/// seq → change.
pub(super) const CHANGES: TableDefinition<'static, u64, &'static [u8]> = TableDefinition::new("changes");
/// What is true of the file as a whole, by name.
pub(super) const META: TableDefinition<'static, &'static str, &'static [u8]> = TableDefinition::new("meta");

/// Goes over all tables, whatever their types: `$body` sees the definition of each as `$table`.
macro_rules! every_table {
    ($table:ident => $body:expr) => {
        every_table!($table => $body;
            USERS USERS_BY_EMAIL ONE_TIME_TOKENS SESSIONS SPENT_TOKENS REFRESH_SALTS WORKSPACES WORKSPACES_BY_SLUG
            WORKSPACES_DELETED MEMBERS MEMBERSHIPS_BY_USER INVITATIONS API_KEYS API_KEY_USES ARTIFACTS ARTIFACTS_TRASH
            ARTIFACTS_BY_CREATION ARTIFACT_VERSIONS ANSWERS ANSWERS_BY_EXPIRY COUNTERS CHANGES META)
    };
    ($table:ident => $body:expr; $($definition:ident)+) => {
        $({
            let $table = $crate::store::redb::tables::$definition;
            $body
        })+
    };
}
pub(super) use every_table;

/// Has `$body` see as `$rows` the table of this name, of the open tables or of a snapshot.
macro_rules! named {
    ($tables:expr, $table:expr, $rows:ident => $body:expr) => {
        named!($tables, $table, $rows => $body;
            Users users, UsersByEmail users_by_email, OneTimeTokens one_time_tokens, Sessions sessions,
            SpentTokens spent_tokens, RefreshSalts refresh_salts, Workspaces workspaces, WorkspacesBySlug workspaces_by_slug,
            WorkspacesDeleted workspaces_deleted, Members members, MembershipsByUser memberships_by_user,
            Invitations invitations,
            ApiKeys api_keys, ApiKeyUses api_key_uses, Artifacts artifacts, ArtifactsTrash artifacts_trash,
            ArtifactsByCreation artifacts_by_creation, ArtifactVersions artifact_versions, Answers answers, AnswersByExpiry answers_by_expiry)
    };
    ($tables:expr, $table:expr, $rows:ident => $body:expr; $($name:ident $open:ident),+) => {
        match $table {
            $($crate::store::engine::Table::$name => {
                let $rows = $tables.$open()?;
                $body
            })+
        }
    };
}
pub(super) use named;
