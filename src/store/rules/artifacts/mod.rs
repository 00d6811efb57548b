//! Artifacts: the live ones, those in the trash, and their versions.

pub(super) mod adoption;
mod bulk;
mod creation;
pub(super) mod histories;
mod list;
mod stats;
pub(super) mod trash;
mod versions;

use std::collections::HashMap;

use async_trait::async_trait;

use super::quotas::{self, require_within};
use super::rows::workspaces;
use super::{INLINE_ROWS, write};
use crate::domain::{
    Artifact, ArtifactBatch, ArtifactCounts, ArtifactHistory, ArtifactId, ArtifactPage, ArtifactPatch, ArtifactWrite,
    ChangeKind, Creation, FoundById, ListArtifacts, Precondition, Quota, Quotas, Stamp, TenantId, UserId,
};
use crate::store::engine::{Counter, Engine, Name, Scope, Source, Table, Tx, pair};
use crate::store::reading::Reading as _;
use crate::store::{Artifacts, Missing, StoreError, StoreResult};

const NOT_FOUND: StoreError = StoreError::NotFound(Missing::Artifact);

const GET: Name = Name::new("get", "artifacts");
const LIST: Name = Name::new("list", "artifacts");
const UPDATE: Name = Name::new("update", "artifacts");
const DELETE: Name = Name::new("delete", "artifacts");

#[async_trait]
impl<E: Engine> Artifacts for E {
    async fn create_artifact(&self, tenant: TenantId, artifact: Artifact, stamp: Stamp) -> StoreResult<()> {
        let (artifact, quotas) = (Artifact { tenant, ..artifact }, self.quotas());
        write(self, Name::new("insert", "artifacts"), stamp, move |tx| create(tx, &quotas, &artifact)).await
    }

    async fn artifact(&self, tenant: TenantId, id: ArtifactId) -> StoreResult<Option<Artifact>> {
        self.read(GET, |source| find(source, tenant, id)).await
    }

    async fn artifacts_by_id(&self, tenant: TenantId, ids: Vec<ArtifactId>) -> StoreResult<FoundById> {
        self.read(GET, |source| {
            let tables = [Table::Artifacts, Table::ArtifactsTrash];
            let rows = ids.iter().flat_map(|id| tables.map(|table| (table, key(tenant, *id).to_vec())));
            source.expect(&mut { rows })?;
            let mut by_id = FoundById::default();
            for id in &ids {
                match find_any(source, tenant, *id) {
                    Err(StoreError::Damaged(_)) => by_id.damaged.push(*id),
                    found => by_id.artifacts.extend(found?),
                }
            }
            Ok(by_id)
        })
        .await
    }

    async fn list_artifacts(&self, tenant: TenantId, list: ListArtifacts) -> StoreResult<ArtifactPage> {
        if !list.is_stored_order() {
            self.scan(LIST, move |source| list::search(source, tenant, &list)).await
        } else if list.page.offset() > INLINE_ROWS {
            self.scan(LIST, move |source| list::page(source, tenant, &list)).await
        } else {
            self.read(LIST, |source| list::page(source, tenant, &list)).await
        }
    }

    async fn artifacts_after(
        &self,
        tenant: TenantId,
        after: Option<Creation>,
        deleted: bool,
    ) -> StoreResult<ArtifactBatch> {
        self.read(LIST, |source| list::next(source, tenant, after, deleted)).await
    }

    async fn artifacts_in_trash(
        &self,
        tenant: TenantId,
        after: Option<ArtifactId>,
        limit: usize,
    ) -> StoreResult<Vec<Artifact>> {
        let name = Name::new("list", "artifacts_trash");
        self.read(name, |source| trash::page(source, tenant, after, limit)).await
    }

    async fn artifact_counts(&self, tenant: TenantId) -> StoreResult<ArtifactCounts> {
        self.read(Name::new("get", "counters"), |source| stats::counts(source, tenant)).await
    }

    async fn artifact_tags(&self, tenant: TenantId) -> StoreResult<HashMap<String, u64>> {
        self.scan(LIST, move |source| stats::tags(source, tenant)).await
    }

    async fn artifact_history(
        &self,
        tenant: TenantId,
        id: ArtifactId,
        before: Option<u64>,
        limit: usize,
    ) -> StoreResult<Option<ArtifactHistory>> {
        let name = Name::new("list", "artifact_versions");
        self.read(name, |source| versions::history(source, tenant, id, before, limit)).await
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
        let all = self.quotas();
        let rule = move |tx: &mut Tx<'_>| {
            let quotas = quotas::of(tx, &all, tenant)?;
            update(tx, &quotas, tenant, id, &expected, &patch, user)
        };
        write(self, UPDATE, stamp, rule).await
    }

    async fn delete_artifact(
        &self,
        tenant: TenantId,
        id: ArtifactId,
        expected: Precondition,
        user: UserId,
        stamp: Stamp,
    ) -> StoreResult<()> {
        write(self, DELETE, stamp, move |tx| delete(tx, tenant, id, &expected, user).map(drop)).await
    }

    async fn restore_artifact(
        &self,
        tenant: TenantId,
        id: ArtifactId,
        user: UserId,
        stamp: Stamp,
    ) -> StoreResult<Artifact> {
        let quotas = self.quotas();
        write(self, UPDATE, stamp, move |tx| restore(tx, &quotas, tenant, id, user)).await
    }

    async fn purge_artifact(
        &self,
        tenant: TenantId,
        id: ArtifactId,
        expected: Precondition,
        stamp: Stamp,
    ) -> StoreResult<()> {
        write(self, DELETE, stamp, move |tx| purge(tx, tenant, id, &expected)).await
    }

    async fn write_artifacts(
        &self,
        tenant: TenantId,
        writes: Vec<ArtifactWrite>,
        atomic: bool,
        user: UserId,
        stamp: Stamp,
    ) -> StoreResult<Vec<StoreResult<Artifact>>> {
        let quotas = self.quotas();
        write(self, UPDATE, stamp, move |tx| bulk::write(tx, &quotas, tenant, &writes, atomic, user)).await
    }
}

/// See [`Artifacts::create_artifact`].
fn create(tx: &mut Tx<'_>, all: &Quotas, artifact: &Artifact) -> StoreResult<()> {
    workspaces::require(tx, artifact.tenant)?;
    insert(tx, &quotas::of(tx, all, artifact.tenant)?, artifact)
}

/// Adds an artifact to a workspace that is there and has these quotas.
fn insert(tx: &mut Tx<'_>, quotas: &Quotas, artifact: &Artifact) -> StoreResult<()> {
    let scope = artifact.tenant.to_bytes();
    let bytes = tx.put(Table::Artifacts, &key(artifact.tenant, artifact.id), artifact)?;
    creation::put(tx, artifact)?;
    tx.add(scope, Counter::Artifacts, 1);
    tx.add(scope, Counter::ActiveArtifacts, 1);
    tx.add(scope, Counter::Bytes, step(bytes));
    require_within(tx, quotas, artifact.tenant, Quota::Artifacts)?;
    require_within(tx, quotas, artifact.tenant, Quota::Bytes)?;
    tx.log(Scope::Tenant(artifact.tenant), ChangeKind::ArtifactCreated(artifact.id));
    Ok(())
}

/// See [`Artifacts::update_artifact`].
fn update(
    tx: &mut Tx<'_>,
    quotas: &Quotas,
    tenant: TenantId,
    id: ArtifactId,
    expected: &Precondition,
    patch: &ArtifactPatch,
    user: UserId,
) -> StoreResult<Artifact> {
    let before = current(tx, tenant, id, expected)?;
    let next = before.clone().patched(patch.clone(), user, tx.stamp().at);
    if next.version == before.version {
        return Ok(before);
    }
    versions::replace(tx, &before, &next)?;
    require_within(tx, quotas, tenant, Quota::Bytes)?;
    Ok(next)
}

/// See [`Artifacts::delete_artifact`]. That is always possible, however much there is.
fn delete(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    id: ArtifactId,
    expected: &Precondition,
    user: UserId,
) -> StoreResult<Artifact> {
    let before = current(tx, tenant, id, expected)?;
    let next = before.clone().deleted(user, tx.stamp().at);
    versions::replace(tx, &before, &next)?;
    Ok(next)
}

/// See [`Artifacts::restore_artifact`].
fn restore(tx: &mut Tx<'_>, all: &Quotas, tenant: TenantId, id: ArtifactId, user: UserId) -> StoreResult<Artifact> {
    let before: Artifact = tx.row(Table::ArtifactsTrash, &key(tenant, id))?.ok_or(NOT_FOUND)?;
    workspaces::require(tx, tenant)?;
    let next = before.clone().restored(user, tx.stamp().at);
    versions::replace(tx, &before, &next)?;
    require_within(tx, &quotas::of(tx, all, tenant)?, tenant, Quota::Bytes)?;
    Ok(next)
}

/// See [`Artifacts::purge_artifact`].
fn purge(tx: &mut Tx<'_>, tenant: TenantId, id: ArtifactId, expected: &Precondition) -> StoreResult<()> {
    let (scope, key) = (tenant.to_bytes(), key(tenant, id));
    let artifact = as_expected(find_any(tx, tenant, id)?, expected)?;
    workspaces::require(tx, tenant)?;
    let is_live = artifact.deleted_at.is_none();
    let table = if is_live { Table::Artifacts } else { Table::ArtifactsTrash };
    let mut bytes = 0;
    tx.get(table, &key, &mut |row| bytes = row.len() as u64)?;
    tx.remove(table, &key);
    creation::remove(tx, &artifact);
    let bytes = bytes + versions::remove(tx, tenant, id)?;
    if is_live {
        tx.add(scope, Counter::ActiveArtifacts, -1);
    }
    tx.add(scope, Counter::Bytes, -step(bytes));
    tx.add(scope, Counter::Artifacts, -1);
    tx.log(Scope::Tenant(tenant), ChangeKind::ArtifactPurged(id));
    Ok(())
}

/// A number of bytes as a step of a counter.
fn step(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// The live artifact that an intent is about, if it still has the version that the caller expects.
fn current(source: &impl Source, tenant: TenantId, id: ArtifactId, expected: &Precondition) -> StoreResult<Artifact> {
    let artifact = as_expected(find(source, tenant, id)?, expected)?;
    // Of a workspace that was deleted, the rows may still be there.
    workspaces::require(source, tenant)?;
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
fn find(source: &(impl Source + ?Sized), tenant: TenantId, id: ArtifactId) -> StoreResult<Option<Artifact>> {
    source.row(Table::Artifacts, &key(tenant, id))
}

/// An artifact, in the trash or not.
fn find_any(source: &(impl Source + ?Sized), tenant: TenantId, id: ArtifactId) -> StoreResult<Option<Artifact>> {
    match find(source, tenant, id)? {
        Some(artifact) => Ok(Some(artifact)),
        None => source.row(Table::ArtifactsTrash, &key(tenant, id)),
    }
}

fn key(tenant: TenantId, id: ArtifactId) -> [u8; 32] {
    pair(tenant.to_bytes(), id.to_bytes())
}
