//! The store on redb: one file, many readers, one writer thread.
//!
//! Reads run where they are called, on the snapshot that the last commit left in memory. Writes go through a bounded
//! queue to the one thread that writes, which carries out what is waiting in one transaction and answers when it is on
//! disk. Each resource has a file with its intents, as plain functions over the open tables.
//!
//! One process has the file to itself (redb's default `ExclusiveWriter` mode). `SingleWriter` would let others read it
//! beside a running server, but its locks cost commits of up to 32 intents about a fifth of their throughput.
//!
//! Knows `domain` and the boundary in [`crate::store`]; nothing of HTTP, and nothing of telemetry beyond the
//! [`Observer`] it is given.

mod artifacts;
mod calls;
mod changes;
mod counters;
mod errors;
#[cfg(test)]
mod failures;
mod group;
mod health;
mod limits;
mod migrate;
mod open;
mod records;
mod scan;
mod sessions;
mod snapshot;
mod tables;
mod users;
mod workspaces;
mod writer;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::task::spawn_blocking;

use self::group::Group;
use self::limits::Limits;
use self::scan::{Budget, Scans};
use self::snapshot::Published;
use self::tables::Tables;
use self::writer::Writer;
use super::{Counts, Observer, Rotation, SlugChoice, Store, StoreError, StoreHealth, StoreResult, Successor};
use crate::domain::{
    Artifact, ArtifactId, ArtifactPage, ArtifactPatch, Change, Credentials, Email, ListArtifacts, Membership,
    RefreshDigest, Session, SessionId, Stamp, TenantId, User, UserId, Workspace, WorkspaceView,
};

pub use errors::OpenError;
pub use open::{Location, Options, RepairProgress};

/// Reads that pass over or return more rows than this leave the runtime's threads alone.
const INLINE_ROWS: usize = 1000;

/// A [`Store`] on redb.
///
/// Dropping it closes the database, and blocks until the queued writes are done; [`Store::close`] does the same without
/// blocking, and tells of errors.
pub struct RedbStore {
    writer: Arc<Writer>,
    published: Arc<Published>,
    scans: Scans,
    limits: Limits,
    observer: Arc<dyn Observer>,
}

impl RedbStore {
    /// Opens a database, made or migrated if need be. `observer` is told of every call. Blocks, for long after a crash
    /// of an older file.
    pub fn open(options: Options, observer: Arc<dyn Observer>) -> Result<Self, OpenError> {
        let database = open::open(&options)?;
        let published = Arc::new(Published::default());
        let limits = Limits::default();
        let (path, queue, group_max) = (options.location.path(), options.queue, options.group_max);
        let reopen = Box::new(move || open::reopen(&options));
        let writer = Group::new(database, reopen, limits.reopen_pause, Arc::clone(&published), group_max)
            .and_then(|group| Writer::start(group, queue))
            .map_err(|error| OpenError::Other { path, cause: error.to_string() })?;
        Ok(Self { writer: Arc::new(writer), published, scans: Scans::new(limits), limits, observer })
    }
}

impl Drop for RedbStore {
    fn drop(&mut self) {
        // Nobody is left to hear of an error; whoever wants to calls `close` before.
        drop(self.writer.close());
    }
}

#[async_trait]
impl Store for RedbStore {
    async fn create_user(&self, user: User, password_hash: String, stamp: Stamp) -> StoreResult<()> {
        self.write("insert", "users", move |tables| users::create(tables, user, password_hash, stamp)).await
    }

    async fn user(&self, id: UserId) -> StoreResult<Option<User>> {
        self.read("get", "users", |snapshot| users::find(snapshot, id))
    }

    async fn credentials(&self, email: &Email) -> StoreResult<Option<Credentials>> {
        self.read("get", "users", |snapshot| users::credentials(snapshot, email))
    }

    async fn replace_password_hash(
        &self,
        user: UserId,
        expected: String,
        hash: String,
        stamp: Stamp,
    ) -> StoreResult<()> {
        let intent = move |tables: &mut Tables<'_>| users::replace_password_hash(tables, user, &expected, hash, stamp);
        self.write("update", "users", intent).await
    }

    async fn open_session(&self, session: Session, stamp: Stamp) -> StoreResult<()> {
        self.write("insert", "sessions", move |tables| sessions::open(tables, session, stamp)).await
    }

    async fn session(&self, user: UserId, id: SessionId) -> StoreResult<Option<Session>> {
        self.read("get", "sessions", |snapshot| sessions::find(snapshot, user, id))
    }

    async fn rotate_refresh_token(
        &self,
        user: UserId,
        id: SessionId,
        presented: RefreshDigest,
        successor: Successor,
        stamp: Stamp,
    ) -> StoreResult<Rotation> {
        // Whoever never had a token of the session does not get as far as the writer.
        if !self.read("get", "sessions", |snapshot| sessions::has_token(snapshot, user, id, presented))? {
            return Ok(Rotation::Unknown);
        }
        let intent = move |tables: &mut Tables<'_>| sessions::rotate(tables, user, id, presented, &successor, stamp);
        self.write("update", "sessions", intent).await
    }

    async fn close_session(&self, user: UserId, id: SessionId, stamp: Stamp) -> StoreResult<()> {
        self.write("delete", "sessions", move |tables| sessions::close(tables, user, id, stamp)).await
    }

    async fn create_workspace(
        &self,
        workspace: Workspace,
        choice: SlugChoice,
        owner: UserId,
        stamp: Stamp,
    ) -> StoreResult<WorkspaceView> {
        let intent = move |tables: &mut Tables<'_>| workspaces::create(tables, workspace, choice, owner, stamp);
        self.write("insert", "workspaces", intent).await
    }

    async fn workspaces_of(&self, user: UserId) -> StoreResult<Vec<WorkspaceView>> {
        // An error is told of by the read that follows.
        let is_long = self.snapshot().and_then(|snapshot| workspaces::is_long(&snapshot, user));
        if is_long.unwrap_or(false) {
            self.scan("workspaces", move |snapshot, budget| workspaces::list(snapshot, budget, user)).await
        } else {
            self.read("list", "workspaces", |snapshot| workspaces::list(snapshot, &Budget::UNLIMITED, user))
        }
    }

    async fn first_workspace_of(&self, user: UserId) -> StoreResult<Option<WorkspaceView>> {
        self.read("get", "workspaces", |snapshot| workspaces::first(snapshot, user))
    }

    async fn workspace(&self, tenant: TenantId, viewer: UserId) -> StoreResult<Option<WorkspaceView>> {
        self.read("get", "workspaces", |snapshot| workspaces::view(snapshot, tenant, viewer))
    }

    async fn membership(&self, tenant: TenantId, user: UserId) -> StoreResult<Option<Membership>> {
        self.read("get", "members", |snapshot| workspaces::membership(snapshot, tenant, user))
    }

    async fn create_artifact(&self, tenant: TenantId, artifact: Artifact, stamp: Stamp) -> StoreResult<()> {
        self.write("insert", "artifacts", move |tables| artifacts::create(tables, tenant, artifact, stamp)).await
    }

    async fn artifact(&self, tenant: TenantId, id: ArtifactId) -> StoreResult<Option<Artifact>> {
        self.read("get", "artifacts", |snapshot| artifacts::find(snapshot, tenant, id))
    }

    async fn list_artifacts(&self, tenant: TenantId, list: ListArtifacts) -> StoreResult<ArtifactPage> {
        let ListArtifacts { filter, page } = list;
        if !filter.is_empty() {
            self.scan("artifacts", move |snapshot, budget| artifacts::search(snapshot, budget, tenant, &filter, page))
                .await
        } else if page.offset > INLINE_ROWS {
            self.scan("artifacts", move |snapshot, budget| artifacts::page(snapshot, budget, tenant, page)).await
        } else {
            self.read("list", "artifacts", |snapshot| artifacts::page(snapshot, &Budget::UNLIMITED, tenant, page))
        }
    }

    async fn update_artifact(
        &self,
        tenant: TenantId,
        id: ArtifactId,
        expected: Option<u64>,
        patch: ArtifactPatch,
        user: UserId,
        stamp: Stamp,
    ) -> StoreResult<Artifact> {
        let intent = move |tables: &mut Tables<'_>| artifacts::update(tables, tenant, id, expected, patch, user, stamp);
        self.write("update", "artifacts", intent).await
    }

    async fn delete_artifact(
        &self,
        tenant: TenantId,
        id: ArtifactId,
        expected: Option<u64>,
        user: UserId,
        stamp: Stamp,
    ) -> StoreResult<()> {
        let intent = move |tables: &mut Tables<'_>| artifacts::delete(tables, tenant, id, expected, user, stamp);
        self.write("delete", "artifacts", intent).await
    }

    async fn changes(&self, after: u64, limit: usize) -> StoreResult<Vec<Change>> {
        if limit > INLINE_ROWS {
            self.scan("changes", move |snapshot, budget| changes::list(snapshot, budget, after, limit)).await
        } else {
            self.read("list", "changes", |snapshot| changes::list(snapshot, &Budget::UNLIMITED, after, limit))
        }
    }

    async fn counts(&self) -> StoreResult<Counts> {
        self.read("get", "counters", counters::counts)
    }

    async fn health(&self) -> StoreHealth {
        self.look().await
    }

    async fn close(&self) -> StoreResult<()> {
        let writer = Arc::clone(&self.writer);
        spawn_blocking(move || writer.close())
            .await
            .unwrap_or_else(|error| Err(StoreError::Unavailable(error.to_string())))
    }
}
