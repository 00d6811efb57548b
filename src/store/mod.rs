//! The storage boundary: what the rest of ghostworks asks of a database.
//!
//! [`Store`] speaks in whole intents (`create_artifact`, `rotate_refresh_token`), never in transactions. A writing
//! intent checks its preconditions and then writes the row, its secondary indexes, the counters and its entries of
//! the change log, all or nothing, and answers only when that is on disk. Reads see every write that was answered before
//! they began. Methods on a tenant's data take its [`TenantId`] first.
//!
//! Knows `domain` and nothing else of ours. Nothing outside this module may know which store it talks to; the tests
//! in `tests/store/` run on any.

mod error;
mod observer;
pub mod redb;

use async_trait::async_trait;

use crate::domain::{
    Artifact, ArtifactId, ArtifactPage, ArtifactPatch, Change, Credentials, Email, ListArtifacts, Membership,
    RefreshDigest, Session, SessionId, Stamp, TenantId, Timestamp, User, UserId, Workspace, WorkspaceView,
};

pub use error::{Missing, StoreError, StoreResult};
pub use observer::{Call, NoObserver, Observer, WriteFigures};

/// A database for everything ghostworks keeps.
#[async_trait]
pub trait Store: Send + Sync {
    // Accounts

    /// Adds an account. [`StoreError::EmailTaken`] when its address has one already.
    async fn create_user(&self, user: User, password_hash: String, stamp: Stamp) -> StoreResult<()>;

    /// The account with this id.
    async fn user(&self, id: UserId) -> StoreResult<Option<User>>;

    /// What a login with this address is checked against.
    async fn credentials(&self, email: &Email) -> StoreResult<Option<Credentials>>;

    /// Replaces a password hash, unless it is no longer `expected`: then someone was quicker, and it is kept.
    async fn replace_password_hash(
        &self,
        user: UserId,
        expected: String,
        hash: String,
        stamp: Stamp,
    ) -> StoreResult<()>;

    // Sessions

    /// Adds a session whose first refresh token is `session.refresh_digest`, and removes a few of the same user's that
    /// have expired.
    async fn open_session(&self, session: Session, stamp: Stamp) -> StoreResult<()>;

    /// A user's session. Ended sessions are gone; expired ones may still be there.
    async fn session(&self, user: UserId, id: SessionId) -> StoreResult<Option<Session>>;

    /// Spends a refresh token for its successor. A token that was spent before ends the session; of those, it knows at
    /// least the newest hundred, and older ones are [`Rotation::Unknown`]. A session that has expired is removed.
    async fn rotate_refresh_token(
        &self,
        user: UserId,
        id: SessionId,
        presented: RefreshDigest,
        successor: Successor,
        stamp: Stamp,
    ) -> StoreResult<Rotation>;

    /// Ends a session with all its tokens. Ending one that is not there is no error.
    async fn close_session(&self, user: UserId, id: SessionId, stamp: Stamp) -> StoreResult<()>;

    // Workspaces

    /// Adds a workspace with `owner` as its first member, and returns it with the slug it got: `workspace.slug` is the
    /// wanted one. [`StoreError::SlugTaken`] when every slug that `choice` allows is in use.
    async fn create_workspace(
        &self,
        workspace: Workspace,
        choice: SlugChoice,
        owner: UserId,
        stamp: Stamp,
    ) -> StoreResult<WorkspaceView>;

    /// The workspaces that `user` is a member of, oldest first.
    async fn workspaces_of(&self, user: UserId) -> StoreResult<Vec<WorkspaceView>>;

    /// The first of [`Store::workspaces_of`].
    async fn first_workspace_of(&self, user: UserId) -> StoreResult<Option<WorkspaceView>>;

    /// A workspace as its member `viewer` sees it; `None` when there is none or `viewer` is no member.
    async fn workspace(&self, tenant: TenantId, viewer: UserId) -> StoreResult<Option<WorkspaceView>>;

    /// The place of `user` in a workspace.
    async fn membership(&self, tenant: TenantId, user: UserId) -> StoreResult<Option<Membership>>;

    // Artifacts

    /// Adds an artifact. [`StoreError::NotFound`] when the workspace is gone.
    async fn create_artifact(&self, tenant: TenantId, artifact: Artifact, stamp: Stamp) -> StoreResult<()>;

    /// An artifact that is not in the trash.
    async fn artifact(&self, tenant: TenantId, id: ArtifactId) -> StoreResult<Option<Artifact>>;

    /// A page of the artifacts that are not in the trash, newest first, and how many match in all.
    /// [`StoreError::Overloaded`] when that takes too long, or too many ask for it at once.
    async fn list_artifacts(&self, tenant: TenantId, list: ListArtifacts) -> StoreResult<ArtifactPage>;

    /// Applies a partial update and returns the new version. [`StoreError::VersionMismatch`] when `expected` is
    /// given and is not the current version; [`StoreError::NotFound`] when there is no such artifact.
    async fn update_artifact(
        &self,
        tenant: TenantId,
        id: ArtifactId,
        expected: Option<u64>,
        patch: ArtifactPatch,
        user: UserId,
        stamp: Stamp,
    ) -> StoreResult<Artifact>;

    /// Moves an artifact to the trash. Errors as [`Store::update_artifact`].
    async fn delete_artifact(
        &self,
        tenant: TenantId,
        id: ArtifactId,
        expected: Option<u64>,
        user: UserId,
        stamp: Stamp,
    ) -> StoreResult<()>;

    // The whole

    /// Entries of the change log after position `after`, oldest first, at most `limit`.
    async fn changes(&self, after: u64, limit: usize) -> StoreResult<Vec<Change>>;

    /// How many there are of each thing, from counters.
    async fn counts(&self) -> StoreResult<Counts>;

    /// Reads from the database, and waits a second at most for word from the writer. However often it is asked, the
    /// writer is not asked more than a few times a second.
    async fn health(&self) -> StoreHealth;

    /// Finishes the queued writes and closes the database; everything after is [`StoreError::Unavailable`].
    async fn close(&self) -> StoreResult<()>;
}

/// The refresh token that follows a spent one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Successor {
    /// The new token's digest.
    pub digest: RefreshDigest,
    /// When the session now ends unless it is refreshed again; the store keeps it within the session's absolute end.
    pub idle_until: Timestamp,
}

/// What became of a refresh token that was presented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// It was the good one; the session as it is now.
    Rotated(Session),
    /// It was spent before: someone has a copy. The session is ended.
    Reused,
    /// It is not, or no longer, a token of any live session.
    Unknown,
}

/// How a new workspace gets its slug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlugChoice {
    /// The wanted one, or the intent fails.
    Exactly,
    /// The wanted one, or the first free of `slug-2` … `slug-9`, or the slug with `tag`, in 8 hexadecimal digits.
    Near {
        /// Chosen at random by the caller, so that a popular name needs no longer search.
        tag: u32,
    },
}

/// How many there are of each thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Accounts.
    pub users: u64,
    /// Workspaces.
    pub workspaces: u64,
    /// Artifacts, those in the trash included.
    pub artifacts: u64,
    /// Artifacts that are not in the trash.
    pub active_artifacts: u64,
}

/// The state of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreHealth {
    /// Whether reads work.
    pub readable: bool,
    /// Whether writes work; the cause in plain words when not.
    pub writable: Result<(), String>,
    /// The last position in the change log.
    pub last_seq: u64,
    /// Writes that wait for the writer.
    pub queue_depth: usize,
}
