//! Versions that were replaced long ago. See [`crate::store::Housekeeping::trim_histories`].

use super::versions::version_key;
use super::{find_any, step};
use crate::domain::{Artifact, ArtifactId, TenantId, Timestamp};
use crate::store::engine::{Counter, Cursor, Source, Span, Table, Tx};
use crate::store::reading::{at, readable};
use crate::store::rules::expired::ExpiredBatch;
use crate::store::{StoreResult, VersionPlace};

/// Reads the next `limit` versions. One was replaced when the one after it was made.
pub(in crate::store::rules) fn look(
    source: &dyn Source,
    before: Timestamp,
    after: Option<VersionPlace>,
    limit: usize,
) -> StoreResult<ExpiredBatch<VersionPlace>> {
    let after = after.map(|(tenant, id, version)| version_key(tenant, id, version));
    let span = Span::all().after(after.as_ref().map(<[u8; 40]>::as_slice));
    let mut cursor = source.range(Table::ArtifactVersions, &span)?;
    let mut batch = ExpiredBatch { rows: 0, old: Vec::new(), next: None };
    let mut row = next_row(source, &mut *cursor)?;
    while let Some((place @ (tenant, id, _), _)) = row {
        row = next_row(source, &mut *cursor)?;
        let replaced_at = match row {
            Some(((_, newer, _), updated_at)) if newer == id => updated_at,
            _ => readable(find_any(source, tenant, id))?.map(|current| current.updated_at),
        };
        // Without an artifact, it is swept away with its workspace. When one was replaced whose successor can't be read,
        // nobody knows.
        if replaced_at.is_some_and(|at| at < before) {
            batch.old.push(place);
        }
        batch.rows += 1;
        if batch.rows == limit {
            batch.next = row.is_some().then_some(place);
            break;
        }
    }
    Ok(batch)
}

/// The place of the next row, and when the version was made if it can be read.
fn next_row(source: &dyn Source, cursor: &mut dyn Cursor) -> StoreResult<Option<(VersionPlace, Option<Timestamp>)>> {
    while cursor.advance()? {
        if let Some(place) = place_in(cursor.key()) {
            let version: Option<Artifact> = readable(at(source, Table::ArtifactVersions, cursor).map(Some))?;
            return Ok(Some((place, version.map(|version| version.updated_at))));
        }
    }
    Ok(None)
}

/// The place of the version under a key.
fn place_in(key: &[u8]) -> Option<VersionPlace> {
    let (tenant, rest) = key.split_first_chunk()?;
    let (id, version) = rest.split_first_chunk()?;
    let version = u64::from_be_bytes(version.try_into().ok()?);
    Some((TenantId::from_bytes(*tenant), ArtifactId::from_bytes(*id), version))
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
