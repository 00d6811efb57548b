//! How much a workspace has, and may have.

use super::rows::workspaces;
use crate::domain::{Quota, Quotas, TenantId, Usage};
use crate::store::engine::{Counter, Source};
use crate::store::{StoreError, StoreResult};

/// What counts how much of it there is.
fn counter(quota: Quota) -> Counter {
    match quota {
        Quota::Artifacts => Counter::Artifacts,
        Quota::Bytes => Counter::Bytes,
        Quota::Members => Counter::Members,
        Quota::ApiKeys => Counter::ApiKeys,
        // Of which a workspace is one: it is not asked here how many an account owns.
        Quota::Workspaces => Counter::Workspaces,
    }
}

/// The most that a workspace may have: by quotas of its own, and otherwise by those for all.
pub(super) fn of(source: &(impl Source + ?Sized), all: &Quotas, tenant: TenantId) -> StoreResult<Quotas> {
    Ok(workspaces::terms(source, tenant)?.quotas.over(*all))
}

/// Refuses a write after which a workspace has more of something than its `quotas` allow. What it had already is left: only
/// writes that add some ask.
pub(super) fn require_within(source: &impl Source, quotas: &Quotas, tenant: TenantId, quota: Quota) -> StoreResult<()> {
    let Some(limit) = quotas.of(quota) else { return Ok(()) };
    let has = source.count(tenant.to_bytes(), counter(quota))?;
    if has > limit { Err(StoreError::QuotaExceeded { quota, limit }) } else { Ok(()) }
}

/// See [`crate::store::Workspaces::usage`].
pub(super) fn usage(source: &dyn Source, tenant: TenantId) -> StoreResult<Usage> {
    let has = |quota| source.count(tenant.to_bytes(), counter(quota));
    Ok(Usage {
        artifacts: has(Quota::Artifacts)?,
        bytes: has(Quota::Bytes)?,
        members: has(Quota::Members)?,
        api_keys: has(Quota::ApiKeys)?,
    })
}
