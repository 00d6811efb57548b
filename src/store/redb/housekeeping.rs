//! Removes what was in workspaces that were deleted, and what has been in the trash for long, a few rows with each intent,
//! so that other writes come in between.
//!
//! The mark of a workspace goes last: after a crash half-way, the rest is found again.

use std::ops::Bound;

use async_trait::async_trait;
use redb::{ReadableTable, Table, Value};

use super::artifacts::purge;
use super::calls::Rows;
use super::snapshot::Snapshot;
use super::tables::{Tables, get, pair, second_of};
use super::{RedbStore, members, records, workspaces};
use crate::domain::{Artifact, Precondition, Stamp, TenantId, Timestamp, UserId};
use crate::store::{Housekeeping, StoreResult, TrashPlace};

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
        let looked = |snapshot: &Snapshot| look_at_trash(snapshot, before, after, limit);
        let Looked { old, next, .. } = self.read("list", "artifacts_trash", looked)?;
        if !old.is_empty() {
            self.write("delete", "artifacts_trash", move |tables| purge_all(tables, &old, before, &stamp)).await?;
        }
        Ok(next)
    }
}

/// What was seen of the trash.
struct Looked {
    rows: usize,
    /// Those that are old.
    old: Vec<TrashPlace>,
    /// Where to go on.
    next: Option<TrashPlace>,
}

impl Rows for Looked {
    fn rows(&self) -> usize {
        self.rows
    }
}

fn look_at_trash(
    snapshot: &Snapshot,
    before: Timestamp,
    after: Option<TrashPlace>,
    limit: usize,
) -> StoreResult<Looked> {
    let after = after.map(|(tenant, id)| pair(tenant.to_bytes(), id.to_bytes()));
    let from = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
    let (mut rows, mut old, mut last) = (0, Vec::new(), None);
    for row in snapshot.artifacts_trash()?.range::<&[u8; 32]>((from, Bound::Unbounded))?.take(limit) {
        let artifact: Artifact = records::decode(row?.1.value())?;
        let place = (artifact.tenant, artifact.id);
        if artifact.deleted_at.is_some_and(|deleted| deleted < before) {
            old.push(place);
        }
        (rows, last) = (rows + 1, Some(place));
    }
    Ok(Looked { rows, old, next: last.filter(|_| rows == limit) })
}

/// Purges those that are still there, since before `before`.
fn purge_all(tables: &mut Tables<'_>, old: &[TrashPlace], before: Timestamp, stamp: &Stamp) -> StoreResult<()> {
    for &(tenant, id) in old {
        let artifact: Option<Artifact> = get(tables.artifacts_trash()?, &pair(tenant.to_bytes(), id.to_bytes()))?;
        let is_old = artifact.and_then(|artifact| artifact.deleted_at).is_some_and(|deleted| deleted < before);
        // What is in a deleted workspace is swept away with all the rest.
        if is_old && workspaces::require(tables, tenant).is_ok() {
            purge(tables, tenant, id, &Precondition::None, stamp)?;
        }
    }
    Ok(())
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
