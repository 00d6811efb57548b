//! Artifacts that come from another database.

use super::{find_any, insert, versions};
use crate::domain::{Artifact, Quotas, TenantId};
use crate::store::StoreResult;
use crate::store::engine::Tx;
use crate::store::rules::rows::workspaces;

/// See [`crate::store::Adoption::adopt_artifacts`].
pub(in crate::store::rules) fn adopt(tx: &mut Tx<'_>, tenant: TenantId, artifacts: &[Artifact]) -> StoreResult<()> {
    workspaces::require(tx, tenant)?;
    for artifact in artifacts {
        match find_any(tx, tenant, artifact.id)? {
            None => add(tx, &Artifact { tenant, version: 1, ..artifact.clone() })?,
            Some(before) if before.deleted_at.is_some() && artifact.deleted_at.is_some() => {}
            Some(before) => {
                let (version, created_at) = (before.version + 1, before.created_at);
                versions::replace(tx, &before, &Artifact { tenant, version, created_at, ..artifact.clone() })?;
            }
        }
    }
    Ok(())
}

/// Adds one. What is to be in the trash has a version from before it was deleted.
fn add(tx: &mut Tx<'_>, artifact: &Artifact) -> StoreResult<()> {
    let live = Artifact { deleted_at: None, ..artifact.clone() };
    insert(tx, &Quotas::default(), &live)?;
    match artifact.deleted_at {
        Some(at) => versions::replace(tx, &live, &live.clone().deleted(artifact.updated_by, at)),
        None => Ok(()),
    }
}
