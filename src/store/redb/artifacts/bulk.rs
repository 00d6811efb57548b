//! Many writes in one intent: all are worked out first, each seeing those before it, and only then anything is written.

use std::collections::HashMap;

use super::super::quotas::require_room;
use super::super::tables::Tables;
use super::super::workspaces;
use super::{NOT_FOUND, as_expected, current, insert, require_bytes, versions};
use crate::domain::{Artifact, ArtifactId, ArtifactWrite, Precondition, Quota, Stamp, TenantId, UserId};
use crate::store::StoreResult;

/// A write that is to be made.
struct Planned {
    before: Option<Artifact>,
    next: Artifact,
}

/// See [`crate::store::Artifacts::write_artifacts`].
pub(super) fn write(
    tables: &mut Tables<'_>,
    tenant: TenantId,
    writes: Vec<ArtifactWrite>,
    atomic: bool,
    user: UserId,
    stamp: &Stamp,
) -> StoreResult<Vec<StoreResult<Artifact>>> {
    workspaces::require(tables, tenant)?;
    // What the writes so far make of the artifacts they are about.
    let mut overlay: HashMap<ArtifactId, Artifact> = HashMap::new();
    let mut outcomes = Vec::with_capacity(writes.len());
    let mut planned = Vec::with_capacity(writes.len());
    let (mut created, mut bytes) = (0, 0);
    for write in writes {
        let known = |tables: &mut Tables<'_>, id: ArtifactId, expected: &Precondition| match overlay.get(&id) {
            Some(artifact) if artifact.deleted_at.is_some() => Err(NOT_FOUND),
            Some(artifact) => as_expected(Some(artifact.clone()), expected),
            None => current(tables, tenant, id, expected),
        };
        let plan = match write {
            ArtifactWrite::Create(artifact) => Ok(Planned { before: None, next: Artifact { tenant, ..*artifact } }),
            ArtifactWrite::Update { id, expected, patch } => known(tables, id, &expected)
                .map(|before| Planned { next: before.clone().patched(patch, user, stamp.at), before: Some(before) }),
            ArtifactWrite::Delete { id, expected } => known(tables, id, &expected)
                .map(|before| Planned { next: before.clone().deleted(user, stamp.at), before: Some(before) }),
        };
        let plan = plan.and_then(|plan| {
            let is_new = plan.before.is_none();
            if is_new {
                require_room(tables, tenant, Quota::Artifacts, created + 1)?;
            }
            // To delete is always possible.
            if plan.next.deleted_at.is_none() {
                bytes += require_bytes(tables, &plan.next, bytes)?;
            }
            created += u64::from(is_new);
            Ok(plan)
        });
        let outcome = match plan {
            Err(failure) if !failure.is_refusal() => return Err(failure),
            Err(refusal) => Err(refusal),
            Ok(plan) => {
                let next = plan.next.clone();
                overlay.insert(next.id, next.clone());
                planned.push(plan);
                Ok(next)
            }
        };
        outcomes.push(outcome);
    }
    if atomic && outcomes.iter().any(Result::is_err) {
        return Ok(outcomes);
    }
    for Planned { before, next } in &planned {
        match before {
            None => insert(tables, next, stamp)?,
            Some(before) => versions::replace(tables, before, next, stamp)?,
        }
    }
    Ok(outcomes)
}
