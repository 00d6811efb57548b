//! What has been in the trash for long. See [`crate::store::Housekeeping::purge_old_trash`].

use std::ops::Bound;

use super::super::housekeeping::Looked;
use super::super::snapshot::Snapshot;
use super::super::tables::{Tables, get, pair, read};
use super::super::workspaces;
use super::purge;
use crate::domain::{Artifact, Precondition, Stamp, Timestamp};
use crate::store::{StoreResult, TrashPlace};

/// Looks at the next `limit` artifacts in the trash.
pub(in crate::store::redb) fn look(
    snapshot: &Snapshot,
    before: Timestamp,
    after: Option<TrashPlace>,
    limit: usize,
) -> StoreResult<Looked<TrashPlace>> {
    let after = after.map(|(tenant, id)| pair(tenant.to_bytes(), id.to_bytes()));
    let from = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
    let (mut rows, mut old, mut last) = (0, Vec::new(), None);
    for row in snapshot.artifacts_trash()?.range::<&[u8; 32]>((from, Bound::Unbounded))?.take(limit) {
        let (key, row) = row?;
        let artifact: Artifact = read("artifacts_trash", key.value(), row.value())?;
        let place = (artifact.tenant, artifact.id);
        if artifact.deleted_at.is_some_and(|deleted| deleted < before) {
            old.push(place);
        }
        (rows, last) = (rows + 1, Some(place));
    }
    Ok(Looked { rows, old, next: last.filter(|_| rows == limit) })
}

/// Purges those that are still there, since before `before`.
pub(in crate::store::redb) fn purge_all(
    tables: &mut Tables<'_>,
    old: &[TrashPlace],
    before: Timestamp,
    stamp: &Stamp,
) -> StoreResult<()> {
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
