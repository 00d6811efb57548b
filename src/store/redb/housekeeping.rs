//! Removes what was in workspaces that were deleted, and what has been kept for long enough, a few rows with each intent, so
//! that other writes come in between.
//!
//! The mark of a workspace goes last: after a crash half-way, the rest is found again.

use async_trait::async_trait;
use redb::{ReadableTable, Table, Value};

use super::artifacts::{histories, trash};
use super::calls::Rows;
use super::snapshot::Snapshot;
use super::tables::{Tables, second_of};
use super::{RedbStore, changes, members};
use crate::domain::{Stamp, TenantId, Timestamp, UserId};
use crate::store::{Housekeeping, StoreResult, TrashPlace, VersionPlace};

#[async_trait]
impl Housekeeping for RedbStore {
    async fn sweep_deleted_workspaces(&self, limit: usize) -> StoreResult<bool> {
        let is_clean = |snapshot: &Snapshot| Ok(snapshot.workspaces_deleted()?.first()?.is_none());
        if self.read("get", "workspaces_deleted", is_clean)? {
            return Ok(false);
        }
        self.write("delete", "workspaces_deleted", move |tables| sweep(tables, limit)).await
    }

    async fn purge_old_trash(
        &self,
        before: Timestamp,
        after: Option<TrashPlace>,
        limit: usize,
        stamp: Stamp,
    ) -> StoreResult<Option<TrashPlace>> {
        let looked = |snapshot: &Snapshot| trash::look(snapshot, before, after, limit);
        let Looked { old, next, .. } = self.read("list", "artifacts_trash", looked)?;
        if !old.is_empty() {
            self.write("delete", "artifacts_trash", move |tables| trash::purge_all(tables, &old, before, &stamp))
                .await?;
        }
        Ok(next)
    }

    async fn trim_histories(
        &self,
        before: Timestamp,
        after: Option<VersionPlace>,
        limit: usize,
    ) -> StoreResult<Option<VersionPlace>> {
        let looked = |snapshot: &Snapshot| histories::look(snapshot, before, after, limit);
        let Looked { old, next, .. } = self.read("list", "artifact_versions", looked)?;
        if !old.is_empty() {
            self.write("delete", "artifact_versions", move |tables| histories::remove_all(tables, &old)).await?;
        }
        Ok(next)
    }

    async fn trim_changes(&self, before: Timestamp, limit: usize) -> StoreResult<bool> {
        let is_needed = |snapshot: &Snapshot| changes::begins_before(snapshot.changes()?, before);
        if !self.read("get", "changes", is_needed)? {
            return Ok(false);
        }
        self.write("delete", "changes", move |tables| changes::trim(tables, before, limit)).await
    }
}

/// What was seen of a table, of which old rows are to be removed.
pub(super) struct Looked<P> {
    pub rows: usize,
    /// The places of those that are old.
    pub old: Vec<P>,
    /// Where to go on.
    pub next: Option<P>,
}

impl<P> Rows for Looked<P> {
    fn rows(&self) -> usize {
        self.rows
    }
}

/// See [`Housekeeping::sweep_deleted_workspaces`].
pub(super) fn sweep(tables: &mut Tables<'_>, limit: usize) -> StoreResult<bool> {
    let first = tables.workspaces_deleted()?.first()?.map(|(tenant, _)| *tenant.value());
    let Some(key) = first else { return Ok(false) };
    tables.wrote_unlogged();
    let mut left = limit;
    left -= remove_under(tables.artifacts()?, key, left)?.len();
    left -= remove_under(tables.artifacts_trash()?, key, left)?.len();
    left -= remove_under(tables.artifact_versions()?, key, left)?.len();
    left -= remove_under(tables.api_keys()?, key, left)?.len();
    left -= remove_members(tables, key, left)?;
    if left == 0 {
        return Ok(true);
    }
    tables.counters()?.remove_of(TenantId::from_bytes(key))?;
    tables.workspaces_deleted()?.remove(&key)?;
    Ok(tables.workspaces_deleted()?.first()?.is_some())
}

/// Nobody remembers these members: their workspace is marked as deleted.
fn remove_members(tables: &mut Tables<'_>, tenant: [u8; 16], limit: usize) -> StoreResult<usize> {
    let removed = remove_under(tables.members()?, tenant, limit)?;
    for key in &removed {
        let member = UserId::from_bytes(second_of(key));
        tables.memberships_by_user()?.remove(&members::by_user(TenantId::from_bytes(tenant), member))?;
    }
    Ok(removed.len())
}

/// Removes at most `limit` of the rows whose keys begin with `tenant`, and returns their keys.
fn remove_under<const N: usize, V: Value + 'static>(
    table: &mut Table<'_, &'static [u8; N], V>,
    tenant: [u8; 16],
    limit: usize,
) -> StoreResult<Vec<[u8; N]>> {
    let (mut first, mut last) = ([0; N], [u8::MAX; N]);
    first[..16].copy_from_slice(&tenant);
    last[..16].copy_from_slice(&tenant);
    let mut keys = Vec::new();
    for row in table.range::<&[u8; N]>(&first..=&last)?.take(limit) {
        keys.push(*row?.0.value());
    }
    for key in &keys {
        table.remove(key)?;
    }
    Ok(keys)
}
