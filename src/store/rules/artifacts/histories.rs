//! Versions that were replaced long ago. See [`crate::store::Housekeeping::trim_histories`].

use super::super::super::engine::{Counter, Cursor, Source, Span, Table, Tx};
use super::super::super::{StoreResult, VersionPlace};
use super::super::housekeeping::Looked;
use super::super::reading::at;
use super::versions::version_key;
use super::{find_any, step};
use crate::domain::{Artifact, Timestamp};

/// Reads the next `limit` versions. One was replaced when the one after it was made.
pub(in crate::store::rules) fn look(
    source: &dyn Source,
    before: Timestamp,
    after: Option<VersionPlace>,
    limit: usize,
) -> StoreResult<Looked<VersionPlace>> {
    let after = after.map(|(tenant, id, version)| version_key(tenant, id, version));
    let span = Span::all().after(after.as_ref().map(<[u8; 40]>::as_slice));
    let mut cursor = source.range(Table::ArtifactVersions, &span)?;
    let mut looked = Looked { rows: 0, old: Vec::new(), next: None };
    let mut row = next_row(&mut *cursor)?;
    while let Some(version) = row {
        let (tenant, id) = (version.tenant, version.id);
        let place = (tenant, id, version.version);
        row = next_row(&mut *cursor)?;
        let replaced_at = match &row {
            Some(newer) if newer.id == id => Some(newer.updated_at),
            _ => find_any(source, tenant, id)?.map(|current| current.updated_at),
        };
        // Without an artifact, it is swept away with its workspace.
        if replaced_at.is_some_and(|at| at < before) {
            looked.old.push(place);
        }
        looked.rows += 1;
        if looked.rows == limit {
            looked.next = row.is_some().then_some(place);
            break;
        }
    }
    Ok(looked)
}

fn next_row(cursor: &mut dyn Cursor) -> StoreResult<Option<Artifact>> {
    if cursor.advance()? { at(Table::ArtifactVersions, cursor).map(Some) } else { Ok(None) }
}

/// Removes these. A version never changes, so they are still as old.
pub(in crate::store::rules) fn remove_all(tx: &mut Tx<'_>, old: &[VersionPlace]) -> StoreResult<()> {
    for &(tenant, id, version) in old {
        let (key, mut bytes) = (version_key(tenant, id, version), 0);
        tx.get(Table::ArtifactVersions, &key, &mut |row| bytes = row.len() as u64)?;
        tx.remove(Table::ArtifactVersions, &key);
        tx.add(tenant.to_bytes(), Counter::Bytes, -step(bytes));
    }
    Ok(())
}
