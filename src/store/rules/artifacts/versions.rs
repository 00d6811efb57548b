//! The versions of an artifact: every write but the first leaves the state before it behind.

use super::{creation, find_any, key, step};
use crate::domain::{Artifact, ArtifactHistory, ArtifactId, ArtifactVersion, ChangeKind, TenantId};
use crate::store::StoreResult;
use crate::store::engine::{Counter, Scope, Source, Span, Table, Tx};
use crate::store::reading::Reading as _;

/// Puts the next version of an artifact in the place of the one before, which goes to the history.
pub(super) fn replace(tx: &mut Tx<'_>, before: &Artifact, next: &Artifact) -> StoreResult<()> {
    let (tenant, id) = (before.tenant, before.id);
    let key = key(tenant, id);
    tx.put(Table::ArtifactVersions, &version_key(tenant, id, before.version), before)?;
    let (table, active, kind) = match (before.deleted_at, next.deleted_at) {
        (None, None) => (Table::Artifacts, 0, ChangeKind::ArtifactUpdated(id, next.version)),
        (None, Some(_)) => {
            tx.remove(Table::Artifacts, &key);
            (Table::ArtifactsTrash, -1, ChangeKind::ArtifactDeleted(id, next.version))
        }
        (Some(_), _) => {
            tx.remove(Table::ArtifactsTrash, &key);
            (Table::Artifacts, 1, ChangeKind::ArtifactRestored(id, next.version))
        }
    };
    // The state before has moved as it was.
    let bytes = tx.put(table, &key, next)?;
    if before.deleted_at.is_some() != next.deleted_at.is_some() {
        creation::remove(tx, before);
        creation::put(tx, next)?;
    }
    tx.add(tenant.to_bytes(), Counter::Bytes, step(bytes));
    if active != 0 {
        tx.add(tenant.to_bytes(), Counter::ActiveArtifacts, active);
    }
    tx.log(Scope::Tenant(tenant), kind);
    Ok(())
}

/// Removes the history of an artifact, and returns how many bytes it had.
pub(super) fn remove(tx: &mut Tx<'_>, tenant: TenantId, id: ArtifactId) -> StoreResult<u64> {
    let span = Span::under(Table::ArtifactVersions, &key(tenant, id));
    let mut bytes = 0;
    for (key, length) in tx.keys(Table::ArtifactVersions, &span, usize::MAX)? {
        bytes += length as u64;
        tx.remove(Table::ArtifactVersions, &key);
    }
    Ok(bytes)
}

/// See [`crate::store::Artifacts::artifact_history`].
pub(super) fn history(
    source: &dyn Source,
    tenant: TenantId,
    id: ArtifactId,
    before: Option<u64>,
    limit: usize,
) -> StoreResult<Option<ArtifactHistory>> {
    let Some(current) = find_any(source, tenant, id)? else { return Ok(None) };
    let before = before.unwrap_or(u64::MAX);
    let span = Span::under(Table::ArtifactVersions, &key(tenant, id));
    let span = span.before(Some(&version_key(tenant, id, before))).reversed();
    // One more than asked for: the last is seen beside the one before it.
    let mut states = Vec::new();
    if current.version < before {
        states.push(current);
    }
    let missing = (limit + 1).saturating_sub(states.len());
    let (earlier, damaged) = source.list(Table::ArtifactVersions, &span, missing)?;
    states.extend(earlier);
    let has_more = states.len() > limit;
    let versions = states.iter().enumerate().take(limit);
    let versions = versions
        .map(|(index, state): (usize, &Artifact)| ArtifactVersion::new(state.clone(), states.get(index + 1)))
        .collect();
    Ok(Some(ArtifactHistory { versions, damaged, has_more }))
}

/// Its key in the table of versions.
pub(super) fn version_key(tenant: TenantId, id: ArtifactId, version: u64) -> [u8; 40] {
    let mut bytes = [0; 40];
    bytes[..32].copy_from_slice(&key(tenant, id));
    bytes[32..].copy_from_slice(&version.to_be_bytes());
    bytes
}
