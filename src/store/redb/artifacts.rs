//! Artifacts: the live ones, and those in the trash.

use async_trait::async_trait;

use super::counters::{self, Counter};
use super::records;
use super::scan::Budget;
use super::snapshot::Snapshot;
use super::tables::{Tables, get, pair, put, rows_under};
use super::workspaces;
use super::{INLINE_ROWS, RedbStore};
use crate::domain::{
    Artifact, ArtifactFilter, ArtifactId, ArtifactPage, ArtifactPatch, ChangeKind, ListArtifacts, Page, Stamp,
    TenantId, UserId,
};
use crate::store::{Artifacts, Missing, StoreError, StoreResult};

#[async_trait]
impl Artifacts for RedbStore {
    async fn create_artifact(&self, tenant: TenantId, artifact: Artifact, stamp: Stamp) -> StoreResult<()> {
        self.write("insert", "artifacts", move |tables| create(tables, tenant, artifact, &stamp)).await
    }

    async fn artifact(&self, tenant: TenantId, id: ArtifactId) -> StoreResult<Option<Artifact>> {
        self.read("get", "artifacts", |snapshot| find(snapshot, tenant, id))
    }

    async fn list_artifacts(&self, tenant: TenantId, list: ListArtifacts) -> StoreResult<ArtifactPage> {
        let ListArtifacts { filter, page: window } = list;
        if !filter.is_empty() {
            self.scan("artifacts", move |snapshot, budget| search(snapshot, budget, tenant, &filter, window)).await
        } else if window.offset > INLINE_ROWS {
            self.scan("artifacts", move |snapshot, budget| page(snapshot, budget, tenant, window)).await
        } else {
            self.read("list", "artifacts", |snapshot| page(snapshot, &Budget::UNLIMITED, tenant, window))
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
        let intent = move |tables: &mut Tables<'_>| update(tables, tenant, id, expected, patch, user, &stamp);
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
        let intent = move |tables: &mut Tables<'_>| delete(tables, tenant, id, expected, user, &stamp);
        self.write("delete", "artifacts", intent).await
    }
}

/// See [`crate::store::Artifacts::create_artifact`].
pub(super) fn create(tables: &mut Tables<'_>, tenant: TenantId, artifact: Artifact, stamp: &Stamp) -> StoreResult<()> {
    workspaces::require(tables, tenant)?;
    let artifact = Artifact { tenant, ..artifact };
    put(tables.artifacts()?, &key(tenant, artifact.id), &artifact)?;
    tables.counters()?.add_in(tenant, Counter::Artifacts, 1)?;
    tables.counters()?.add_in(tenant, Counter::ActiveArtifacts, 1)?;
    tables.log(Some(tenant), stamp, ChangeKind::ArtifactCreated(artifact.id))
}

/// See [`crate::store::Artifacts::update_artifact`].
pub(super) fn update(
    tables: &mut Tables<'_>,
    tenant: TenantId,
    id: ArtifactId,
    expected: Option<u64>,
    patch: ArtifactPatch,
    user: UserId,
    stamp: &Stamp,
) -> StoreResult<Artifact> {
    let next = current(tables, tenant, id, expected)?.patched(patch, user, stamp.at);
    put(tables.artifacts()?, &key(tenant, id), &next)?;
    tables.log(Some(tenant), stamp, ChangeKind::ArtifactUpdated(id, next.version))?;
    Ok(next)
}

/// See [`crate::store::Artifacts::delete_artifact`].
pub(super) fn delete(
    tables: &mut Tables<'_>,
    tenant: TenantId,
    id: ArtifactId,
    expected: Option<u64>,
    user: UserId,
    stamp: &Stamp,
) -> StoreResult<()> {
    let deleted = current(tables, tenant, id, expected)?.deleted(user, stamp.at);
    tables.artifacts()?.remove(&key(tenant, id))?;
    put(tables.artifacts_trash()?, &key(tenant, id), &deleted)?;
    tables.counters()?.add_in(tenant, Counter::ActiveArtifacts, -1)?;
    tables.log(Some(tenant), stamp, ChangeKind::ArtifactDeleted(id, deleted.version))
}

/// The artifact that an intent is about, if it still has the version that the caller expects.
fn current(tables: &mut Tables<'_>, tenant: TenantId, id: ArtifactId, expected: Option<u64>) -> StoreResult<Artifact> {
    let artifact: Artifact =
        get(tables.artifacts()?, &key(tenant, id))?.ok_or(StoreError::NotFound(Missing::Artifact))?;
    if expected.is_some_and(|version| version != artifact.version) {
        return Err(StoreError::VersionMismatch { current: artifact.version });
    }
    // Of a workspace that was deleted, the rows may still be there.
    workspaces::require(tables, tenant)?;
    Ok(artifact)
}

/// See [`crate::store::Artifacts::artifact`].
pub(super) fn find(snapshot: &Snapshot, tenant: TenantId, id: ArtifactId) -> StoreResult<Option<Artifact>> {
    get(&snapshot.artifacts, &key(tenant, id))
}

/// A page of everything: the rows before it are passed over undecoded, and the total is a counter.
pub(super) fn page(snapshot: &Snapshot, budget: &Budget, tenant: TenantId, page: Page) -> StoreResult<ArtifactPage> {
    let mut rows = budget.over(rows_under(&snapshot.artifacts, tenant.to_bytes())?.rev());
    rows.by_ref().take(page.offset).try_for_each(|row| row.map(drop))?;
    let items = rows.take(page.limit).map(|row| records::decode(row?.1.value()));
    Ok(ArtifactPage {
        items: items.collect::<StoreResult<_>>()?,
        total: counters::value_in(&snapshot.counters, tenant, Counter::ActiveArtifacts)?,
    })
}

/// A page of what matches: reads every artifact of the workspace.
pub(super) fn search(
    snapshot: &Snapshot,
    budget: &Budget,
    tenant: TenantId,
    filter: &ArtifactFilter,
    page: Page,
) -> StoreResult<ArtifactPage> {
    let (mut items, mut matched) = (Vec::new(), 0);
    for row in budget.over(rows_under(&snapshot.artifacts, tenant.to_bytes())?.rev()) {
        let artifact: Artifact = records::decode(row?.1.value())?;
        if filter.matches(&artifact) {
            if matched >= page.offset && items.len() < page.limit {
                items.push(artifact);
            }
            matched += 1;
        }
    }
    Ok(ArtifactPage { items, total: matched as u64 })
}

fn key(tenant: TenantId, id: ArtifactId) -> [u8; 32] {
    pair(tenant.to_bytes(), id.to_bytes())
}
