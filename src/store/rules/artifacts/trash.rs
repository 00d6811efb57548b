//! What is in the trash, and what has been there for long. See [`crate::store::Housekeeping::purge_old_trash`].

use super::{key, purge};
use crate::domain::{Artifact, ArtifactId, Precondition, TenantId, Timestamp};
use crate::store::engine::{Source, Span, Table, Tx};
use crate::store::reading::{Reading as _, at, readable};
use crate::store::rules::expired::ExpiredBatch;
use crate::store::{StoreResult, TrashPlace};

/// See [`crate::store::Artifacts::artifacts_in_trash`].
pub(super) fn page(
    source: &dyn Source,
    tenant: TenantId,
    after: Option<ArtifactId>,
    limit: usize,
) -> StoreResult<Vec<Artifact>> {
    let after = after.map(|id| key(tenant, id));
    let span = Span::under(Table::ArtifactsTrash, &tenant.to_bytes());
    source.rows(Table::ArtifactsTrash, &span.after(after.as_ref().map(<[u8; 32]>::as_slice)), limit)
}

/// Reads the next `limit` artifacts in the trash.
pub(in crate::store::rules) fn look(
    source: &dyn Source,
    before: Timestamp,
    after: Option<TrashPlace>,
    limit: usize,
) -> StoreResult<ExpiredBatch<TrashPlace>> {
    let after = after.map(|(tenant, id)| key(tenant, id));
    let span = Span::all().after(after.as_ref().map(<[u8; 32]>::as_slice));
    let mut cursor = source.range(Table::ArtifactsTrash, &span)?;
    let mut batch = ExpiredBatch { rows: 0, old: Vec::new(), next: None };
    while batch.rows < limit && cursor.advance()? {
        batch.rows += 1;
        batch.next = place_in(cursor.key());
        let artifact: Option<Artifact> = readable(at(source, Table::ArtifactsTrash, &*cursor).map(Some))?;
        let is_old = artifact.is_some_and(|artifact| is_old(&artifact, before));
        batch.old.extend(batch.next.filter(|_| is_old));
    }
    batch.next = batch.next.filter(|_| batch.rows == limit);
    Ok(batch)
}

/// Purges those that are still there, since before `before`. What is in a deleted workspace is swept away with all the
/// rest.
pub(in crate::store::rules) fn purge_all(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    old: &[TrashPlace],
    before: Timestamp,
) -> StoreResult<()> {
    if !tx.has(Table::Workspaces, &tenant.to_bytes())? {
        return Ok(());
    }
    for &(tenant, id) in old {
        let artifact: Option<Artifact> = readable(tx.row(Table::ArtifactsTrash, &key(tenant, id)))?;
        if artifact.is_some_and(|artifact| is_old(&artifact, before)) {
            purge(tx, tenant, id, &Precondition::None)?;
        }
    }
    Ok(())
}

/// The place of the row under a key.
fn place_in(key: &[u8]) -> Option<TrashPlace> {
    let (tenant, id) = key.split_first_chunk()?;
    Some((TenantId::from_bytes(*tenant), ArtifactId::from_bytes(id.try_into().ok()?)))
}

fn is_old(artifact: &Artifact, before: Timestamp) -> bool {
    artifact.deleted_at.is_some_and(|deleted| deleted < before)
}
