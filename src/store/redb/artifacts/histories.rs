//! Versions that were replaced long ago. See [`crate::store::Housekeeping::trim_histories`].

use std::ops::Bound;

use super::super::housekeeping::Looked;
use super::super::snapshot::Snapshot;
use super::super::tables::{Tables, read};
use super::find_any;
use super::versions::version_key;
use crate::domain::{Artifact, Timestamp};
use crate::store::{StoreResult, VersionPlace};

/// Looks at the next `limit` versions. One was replaced when the one after it was made.
pub(in crate::store::redb) fn look(
    snapshot: &Snapshot,
    before: Timestamp,
    after: Option<VersionPlace>,
    limit: usize,
) -> StoreResult<Looked<VersionPlace>> {
    let after = after.map(|(tenant, id, version)| version_key(tenant, id, version));
    let from = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
    let mut rows = snapshot.artifact_versions()?.range::<&[u8; 40]>((from, Bound::Unbounded))?;
    let mut next_row = || -> StoreResult<Option<Artifact>> {
        let Some((key, row)) = rows.next().transpose()? else { return Ok(None) };
        read("artifact_versions", key.value(), row.value()).map(Some)
    };
    let mut looked = Looked { rows: 0, old: Vec::new(), next: None };
    let mut row = next_row()?;
    while let Some(version) = row {
        let (tenant, id) = (version.tenant, version.id);
        let place = (tenant, id, version.version);
        row = next_row()?;
        let replaced_at = match &row {
            Some(newer) if newer.id == id => Some(newer.updated_at),
            _ => find_any(snapshot, tenant, id)?.map(|current| current.updated_at),
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

/// Removes these. A version never changes, so they are still as old.
pub(in crate::store::redb) fn remove_all(tables: &mut Tables<'_>, old: &[VersionPlace]) -> StoreResult<()> {
    for &(tenant, id, version) in old {
        let removed = tables.artifact_versions()?.remove(&version_key(tenant, id, version))?;
        let bytes = removed.map_or(0, |row| row.value().len() as u64);
        tables.counters()?.remove_bytes(tenant, bytes)?;
    }
    tables.wrote_unlogged();
    Ok(())
}
