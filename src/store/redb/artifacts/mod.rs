//! Artifacts: the live ones, those in the trash, and their versions.

mod bulk;
pub(super) mod histories;
mod list;
mod stats;
pub(super) mod trash;
mod versions;

use std::collections::HashMap;

use async_trait::async_trait;

use super::counters::Counter;
use super::quotas::require_room;
use super::records;
use super::scan::Budget;
use super::snapshot::Snapshot;
use super::tables::{Tables, get, pair, put_measured};
use super::workspaces;
use super::{INLINE_ROWS, RedbStore};
use crate::domain::{
    Artifact, ArtifactCounts, ArtifactHistory, ArtifactId, ArtifactPage, ArtifactPatch, ArtifactWrite, ChangeKind,
    ListArtifacts, Precondition, Quota, Stamp, TenantId, UserId,
};
use crate::store::{Artifacts, Missing, StoreError, StoreResult};

const NOT_FOUND: StoreError = StoreError::NotFound(Missing::Artifact);

#[async_trait]
impl Artifacts for RedbStore {
    async fn create_artifact(&self, tenant: TenantId, artifact: Artifact, stamp: Stamp) -> StoreResult<()> {
        self.write("insert", "artifacts", move |tables| create(tables, tenant, artifact, &stamp)).await
    }

    async fn artifact(&self, tenant: TenantId, id: ArtifactId) -> StoreResult<Option<Artifact>> {
        self.read("get", "artifacts", |snapshot| find(snapshot, tenant, id))
    }

    async fn artifacts_by_id(&self, tenant: TenantId, ids: Vec<ArtifactId>) -> StoreResult<Vec<Artifact>> {
        self.read("get", "artifacts", |snapshot| {
            ids.into_iter().filter_map(|id| find_any(snapshot, tenant, id).transpose()).collect::<StoreResult<Vec<_>>>()
        })
    }

    async fn list_artifacts(&self, tenant: TenantId, list: ListArtifacts) -> StoreResult<ArtifactPage> {
        if !list.is_stored_order() {
            self.scan("artifacts", move |snapshot, budget| list::search(snapshot, budget, tenant, &list)).await
        } else if list.page.offset() > INLINE_ROWS {
            self.scan("artifacts", move |snapshot, budget| list::page(snapshot, budget, tenant, &list)).await
        } else {
            self.read("list", "artifacts", |snapshot| list::page(snapshot, &Budget::UNLIMITED, tenant, &list))
        }
    }

    async fn artifacts_after(
        &self,
        tenant: TenantId,
        after: Option<ArtifactId>,
        deleted: bool,
    ) -> StoreResult<ArtifactPage> {
        self.read("list", "artifacts", |snapshot| list::next(snapshot, tenant, after, deleted))
    }

    async fn artifact_counts(&self, tenant: TenantId) -> StoreResult<ArtifactCounts> {
        self.read("get", "counters", |snapshot| stats::counts(snapshot, tenant))
    }

    async fn artifact_tags(&self, tenant: TenantId) -> StoreResult<HashMap<String, u64>> {
        self.scan("artifacts", move |snapshot, budget| stats::tags(snapshot, budget, tenant)).await
    }

    async fn artifact_history(
        &self,
        tenant: TenantId,
        id: ArtifactId,
        before: Option<u64>,
        limit: usize,
    ) -> StoreResult<Option<ArtifactHistory>> {
        self.read("list", "artifact_versions", |snapshot| versions::history(snapshot, tenant, id, before, limit))
    }

    async fn update_artifact(
        &self,
        tenant: TenantId,
        id: ArtifactId,
        expected: Precondition,
        patch: ArtifactPatch,
        user: UserId,
        stamp: Stamp,
    ) -> StoreResult<Artifact> {
        let intent = move |tables: &mut Tables<'_>| update(tables, tenant, id, &expected, patch, user, &stamp);
        self.write("update", "artifacts", intent).await
    }

    async fn delete_artifact(
        &self,
        tenant: TenantId,
        id: ArtifactId,
        expected: Precondition,
        user: UserId,
        stamp: Stamp,
    ) -> StoreResult<()> {
        let intent = move |tables: &mut Tables<'_>| delete(tables, tenant, id, &expected, user, &stamp);
        self.write("delete", "artifacts", intent).await
    }

    async fn restore_artifact(
        &self,
        tenant: TenantId,
        id: ArtifactId,
        user: UserId,
        stamp: Stamp,
    ) -> StoreResult<Artifact> {
        self.write("update", "artifacts", move |tables| restore(tables, tenant, id, user, &stamp)).await
    }

    async fn purge_artifact(
        &self,
        tenant: TenantId,
        id: ArtifactId,
        expected: Precondition,
        stamp: Stamp,
    ) -> StoreResult<()> {
        self.write("delete", "artifacts", move |tables| purge(tables, tenant, id, &expected, &stamp)).await
    }

    async fn write_artifacts(
        &self,
        tenant: TenantId,
        writes: Vec<ArtifactWrite>,
        atomic: bool,
        user: UserId,
        stamp: Stamp,
    ) -> StoreResult<Vec<StoreResult<Artifact>>> {
        let intent = move |tables: &mut Tables<'_>| bulk::write(tables, tenant, writes, atomic, user, &stamp);
        self.write("update", "artifacts", intent).await
    }
}

/// See [`Artifacts::create_artifact`].
fn create(tables: &mut Tables<'_>, tenant: TenantId, artifact: Artifact, stamp: &Stamp) -> StoreResult<()> {
    workspaces::require(tables, tenant)?;
    let artifact = Artifact { tenant, ..artifact };
    require_room(tables, tenant, Quota::Artifacts, 1)?;
    require_bytes(tables, &artifact, 0)?;
    insert(tables, &artifact, stamp)
}

/// Refuses to keep one more state of an artifact, beside so many bytes that are kept as well, if that is too much.
fn require_bytes(tables: &mut Tables<'_>, next: &Artifact, others: u64) -> StoreResult<u64> {
    if tables.quotas.bytes.is_none() {
        return Ok(0);
    }
    let bytes = records::encode(next)?.len() as u64;
    require_room(tables, next.tenant, Quota::Bytes, others.saturating_add(bytes))?;
    Ok(bytes)
}

/// Adds an artifact to a workspace that is there.
fn insert(tables: &mut Tables<'_>, artifact: &Artifact, stamp: &Stamp) -> StoreResult<()> {
    let bytes = put_measured(tables.artifacts()?, &key(artifact.tenant, artifact.id), artifact)?;
    tables.counters()?.add_in(artifact.tenant, Counter::Artifacts, 1)?;
    tables.counters()?.add_in(artifact.tenant, Counter::ActiveArtifacts, 1)?;
    tables.counters()?.add_bytes(artifact.tenant, bytes)?;
    tables.log(Some(artifact.tenant), stamp, ChangeKind::ArtifactCreated(artifact.id))
}

/// See [`Artifacts::update_artifact`].
fn update(
    tables: &mut Tables<'_>,
    tenant: TenantId,
    id: ArtifactId,
    expected: &Precondition,
    patch: ArtifactPatch,
    user: UserId,
    stamp: &Stamp,
) -> StoreResult<Artifact> {
    let before = current(tables, tenant, id, expected)?;
    let next = before.clone().patched(patch, user, stamp.at);
    require_bytes(tables, &next, 0)?;
    versions::replace(tables, &before, &next, stamp)?;
    Ok(next)
}

/// See [`Artifacts::delete_artifact`].
fn delete(
    tables: &mut Tables<'_>,
    tenant: TenantId,
    id: ArtifactId,
    expected: &Precondition,
    user: UserId,
    stamp: &Stamp,
) -> StoreResult<()> {
    let before = current(tables, tenant, id, expected)?;
    let next = before.clone().deleted(user, stamp.at);
    versions::replace(tables, &before, &next, stamp)
}

/// See [`Artifacts::restore_artifact`].
fn restore(
    tables: &mut Tables<'_>,
    tenant: TenantId,
    id: ArtifactId,
    user: UserId,
    stamp: &Stamp,
) -> StoreResult<Artifact> {
    let before: Artifact = get(tables.artifacts_trash()?, &key(tenant, id))?.ok_or(NOT_FOUND)?;
    workspaces::require(tables, tenant)?;
    let next = before.clone().restored(user, stamp.at);
    require_bytes(tables, &next, 0)?;
    versions::replace(tables, &before, &next, stamp)?;
    Ok(next)
}

/// See [`Artifacts::purge_artifact`].
fn purge(
    tables: &mut Tables<'_>,
    tenant: TenantId,
    id: ArtifactId,
    expected: &Precondition,
    stamp: &Stamp,
) -> StoreResult<()> {
    let key = key(tenant, id);
    let live: Option<Artifact> = get(tables.artifacts()?, &key)?;
    let artifact = match &live {
        Some(_) => live,
        None => get(tables.artifacts_trash()?, &key)?,
    };
    let artifact = as_expected(artifact, expected)?;
    workspaces::require(tables, tenant)?;
    let table = if artifact.deleted_at.is_none() {
        tables.counters()?.add_in(tenant, Counter::ActiveArtifacts, -1)?;
        tables.artifacts()?
    } else {
        tables.artifacts_trash()?
    };
    let bytes = table.remove(&key)?.map_or(0, |row| row.value().len() as u64);
    let bytes = bytes + versions::remove(tables, tenant, id)?;
    tables.counters()?.remove_bytes(tenant, bytes)?;
    tables.counters()?.add_in(tenant, Counter::Artifacts, -1)?;
    tables.log(Some(tenant), stamp, ChangeKind::ArtifactPurged(id))
}

/// The live artifact that an intent is about, if it still has the version that the caller expects.
fn current(
    tables: &mut Tables<'_>,
    tenant: TenantId,
    id: ArtifactId,
    expected: &Precondition,
) -> StoreResult<Artifact> {
    let artifact = as_expected(get(tables.artifacts()?, &key(tenant, id))?, expected)?;
    // Of a workspace that was deleted, the rows may still be there.
    workspaces::require(tables, tenant)?;
    Ok(artifact)
}

/// An artifact, if it is there and has the version that the caller expects.
fn as_expected(artifact: Option<Artifact>, expected: &Precondition) -> StoreResult<Artifact> {
    let artifact = artifact.ok_or(NOT_FOUND)?;
    if !expected.allows(artifact.version) {
        return Err(StoreError::VersionMismatch { current: artifact.version });
    }
    Ok(artifact)
}

/// See [`Artifacts::artifact`].
fn find(snapshot: &Snapshot, tenant: TenantId, id: ArtifactId) -> StoreResult<Option<Artifact>> {
    get(snapshot.artifacts()?, &key(tenant, id))
}

/// An artifact, in the trash or not.
fn find_any(snapshot: &Snapshot, tenant: TenantId, id: ArtifactId) -> StoreResult<Option<Artifact>> {
    match find(snapshot, tenant, id)? {
        Some(artifact) => Ok(Some(artifact)),
        None => get(snapshot.artifacts_trash()?, &key(tenant, id)),
    }
}

fn key(tenant: TenantId, id: ArtifactId) -> [u8; 32] {
    pair(tenant.to_bytes(), id.to_bytes())
}
