//! Many writes in one intent, each of which sees those before it.

use super::{delete, insert, update};
use crate::domain::{Artifact, ArtifactWrite, Quotas, TenantId, UserId};
use crate::store::StoreResult;
use crate::store::engine::Tx;
use crate::store::rules::quotas;
use crate::store::rules::rows::workspaces;

/// How the attempt of a part ends that is undone.
enum Undone<T> {
    /// With this outcome.
    Refused(T),
    /// With an error that is not a refusal of one write.
    Failed(crate::store::StoreError),
}

/// See [`crate::store::Artifacts::write_artifacts`].
pub(super) fn write(
    tx: &mut Tx<'_>,
    all: &Quotas,
    tenant: TenantId,
    writes: &[ArtifactWrite],
    atomic: bool,
    user: UserId,
) -> StoreResult<Vec<StoreResult<Artifact>>> {
    workspaces::require(tx, tenant)?;
    let quotas = quotas::of(tx, all, tenant)?;
    let outcomes = tx.attempt(|tx| {
        let mut outcomes = Vec::with_capacity(writes.len());
        for write in writes {
            match tx.attempt(|tx| one(tx, &quotas, tenant, write, user)) {
                Err(fault) if !fault.is_refusal() => return Err(Undone::Failed(fault)),
                outcome => outcomes.push(outcome),
            }
        }
        if atomic && outcomes.iter().any(Result::is_err) { Err(Undone::Refused(outcomes)) } else { Ok(outcomes) }
    });
    match outcomes {
        Ok(outcomes) | Err(Undone::Refused(outcomes)) => Ok(outcomes),
        Err(Undone::Failed(fault)) => Err(fault),
    }
}

fn one(
    tx: &mut Tx<'_>,
    quotas: &Quotas,
    tenant: TenantId,
    write: &ArtifactWrite,
    user: UserId,
) -> StoreResult<Artifact> {
    match write {
        ArtifactWrite::Create(artifact) => {
            let artifact = Artifact { tenant, ..(**artifact).clone() };
            insert(tx, quotas, &artifact)?;
            Ok(artifact)
        }
        ArtifactWrite::Update { id, expected, patch } => update(tx, quotas, tenant, *id, expected, patch, user),
        ArtifactWrite::Delete { id, expected } => delete(tx, tenant, *id, expected, user),
    }
}
