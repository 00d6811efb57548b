//! The versions of an artifact: every write but the first leaves the state before it behind.

use super::super::counters::Counter;
use super::super::snapshot::Snapshot;
use super::super::tables::{Tables, put, put_measured, read};
use super::{find_any, key};
use crate::domain::{Artifact, ArtifactHistory, ArtifactId, ArtifactVersion, ChangeKind, Stamp, TenantId};
use crate::store::StoreResult;

/// Puts the next version of an artifact in the place of the one before, which goes to the history.
pub(super) fn replace(tables: &mut Tables<'_>, before: &Artifact, next: &Artifact, stamp: &Stamp) -> StoreResult<()> {
    let (tenant, id) = (before.tenant, before.id);
    let key = key(tenant, id);
    put(tables.artifact_versions()?, &version_key(tenant, id, before.version), before)?;
    let (bytes, kind) = match (before.deleted_at, next.deleted_at) {
        (None, None) => {
            let bytes = put_measured(tables.artifacts()?, &key, next)?;
            (bytes, ChangeKind::ArtifactUpdated(id, next.version))
        }
        (None, Some(_)) => {
            tables.artifacts()?.remove(&key)?;
            let bytes = put_measured(tables.artifacts_trash()?, &key, next)?;
            tables.counters()?.add_in(tenant, Counter::ActiveArtifacts, -1)?;
            (bytes, ChangeKind::ArtifactDeleted(id, next.version))
        }
        (Some(_), _) => {
            tables.artifacts_trash()?.remove(&key)?;
            let bytes = put_measured(tables.artifacts()?, &key, next)?;
            tables.counters()?.add_in(tenant, Counter::ActiveArtifacts, 1)?;
            (bytes, ChangeKind::ArtifactRestored(id, next.version))
        }
    };
    // The state before has moved as it was.
    tables.counters()?.add_bytes(tenant, bytes)?;
    tables.log(Some(tenant), stamp, kind)
}

/// Removes the history of an artifact, and returns how many bytes it had.
pub(super) fn remove(tables: &mut Tables<'_>, tenant: TenantId, id: ArtifactId) -> StoreResult<u64> {
    let (oldest, newest) = (version_key(tenant, id, 0), version_key(tenant, id, u64::MAX));
    let mut bytes = 0;
    tables.artifact_versions()?.retain_in::<&[u8; 40], _>(&oldest..=&newest, |_, row| {
        bytes += row.len() as u64;
        false
    })?;
    Ok(bytes)
}

/// See [`crate::store::Artifacts::artifact_history`].
pub(super) fn history(
    snapshot: &Snapshot,
    tenant: TenantId,
    id: ArtifactId,
    before: Option<u64>,
    limit: usize,
) -> StoreResult<Option<ArtifactHistory>> {
    let Some(current) = find_any(snapshot, tenant, id)? else { return Ok(None) };
    let before = before.unwrap_or(u64::MAX);
    let (oldest, end) = (version_key(tenant, id, 0), version_key(tenant, id, before));
    let older = snapshot.artifact_versions()?.range::<&[u8; 40]>(&oldest..&end)?.rev();
    let older = older.map(|row| -> StoreResult<Artifact> {
        let (key, row) = row?;
        read("artifact_versions", key.value(), row.value())
    });
    let newest = (current.version < before).then_some(Ok(current));
    // One more than asked for: the last is seen beside the one before it.
    let states = newest.into_iter().chain(older).take(limit + 1).collect::<StoreResult<Vec<Artifact>>>()?;
    let has_more = states.len() > limit;
    let versions = states.iter().enumerate().take(limit);
    let versions = versions.map(|(index, state)| ArtifactVersion::new(state.clone(), states.get(index + 1))).collect();
    Ok(Some(ArtifactHistory { versions, has_more }))
}

/// Its key in the table of versions.
pub(super) fn version_key(tenant: TenantId, id: ArtifactId, version: u64) -> [u8; 40] {
    let mut bytes = [0; 40];
    bytes[..32].copy_from_slice(&key(tenant, id));
    bytes[32..].copy_from_slice(&version.to_be_bytes());
    bytes
}
