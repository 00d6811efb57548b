//! What has been in the trash for long. See [`crate::store::Housekeeping::purge_old_trash`].

use super::super::super::engine::{Source, Span, Table, Tx};
use super::super::super::{StoreResult, TrashPlace};
use super::super::housekeeping::Looked;
use super::super::reading::Reading as _;
use super::{key, purge};
use crate::domain::{Artifact, Precondition, TenantId, Timestamp};

/// Reads the next `limit` artifacts in the trash.
pub(in crate::store::rules) fn look(
    source: &dyn Source,
    before: Timestamp,
    after: Option<TrashPlace>,
    limit: usize,
) -> StoreResult<Looked<TrashPlace>> {
    let after = after.map(|(tenant, id)| key(tenant, id));
    let span = Span::all().after(after.as_ref().map(<[u8; 32]>::as_slice));
    let rows: Vec<Artifact> = source.rows(Table::ArtifactsTrash, &span, limit)?;
    let place = |artifact: &Artifact| (artifact.tenant, artifact.id);
    let old = rows.iter().filter(|artifact| is_old(artifact, before)).map(place).collect();
    let next = rows.last().filter(|_| rows.len() == limit).map(place);
    Ok(Looked { rows: rows.len(), old, next })
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
        let artifact: Option<Artifact> = tx.row(Table::ArtifactsTrash, &key(tenant, id))?;
        if artifact.is_some_and(|artifact| is_old(&artifact, before)) {
            purge(tx, tenant, id, &Precondition::None)?;
        }
    }
    Ok(())
}

fn is_old(artifact: &Artifact, before: Timestamp) -> bool {
    artifact.deleted_at.is_some_and(|deleted| deleted < before)
}
