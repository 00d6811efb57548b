//! How much a workspace has, and may have.

use super::rows::workspaces;
use crate::domain::{Quota, Quotas, TenantId, Usage};
use crate::store::engine::{Counter, Source};
use crate::store::{StoreError, StoreResult};

/// How much of it a workspace has; nothing of what has no counter.
fn has(source: &(impl Source + ?Sized), tenant: TenantId, quota: Quota) -> StoreResult<u64> {
    let counter = match quota {
        Quota::Artifacts => Counter::Artifacts,
        Quota::Bytes => Counter::Bytes,
        Quota::Members => Counter::Members,
        Quota::ApiKeys => Counter::ApiKeys,
        Quota::Workspaces | Quota::Invitations => return Ok(0),
    };
    source.count(tenant.to_bytes(), counter)
}

/// The most that a workspace may have: by quotas of its own, and otherwise by those for all.
pub(super) fn of(source: &(impl Source + ?Sized), all: &Quotas, tenant: TenantId) -> StoreResult<Quotas> {
    Ok(workspaces::terms(source, tenant)?.quotas.over(*all))
}

/// Refuses a write after which a workspace has more of something than its `quotas` allow. What it had already is left: only
/// writes that add some ask.
pub(super) fn require_within(source: &impl Source, quotas: &Quotas, tenant: TenantId, quota: Quota) -> StoreResult<()> {
    let Some(limit) = quotas.of(quota) else { return Ok(()) };
    require_at_most(limit, has(source, tenant, quota)?, quota)
}

/// Refuses when there would be more than may be.
pub(super) fn require_at_most(limit: u64, count: u64, quota: Quota) -> StoreResult<()> {
    if count > limit { Err(StoreError::QuotaExceeded { quota, limit }) } else { Ok(()) }
}

/// See [`crate::store::Workspaces::usage`].
pub(super) fn usage(source: &dyn Source, tenant: TenantId) -> StoreResult<Usage> {
    let has = |quota| has(source, tenant, quota);
    Ok(Usage {
        artifacts: has(Quota::Artifacts)?,
        bytes: has(Quota::Bytes)?,
        members: has(Quota::Members)?,
        api_keys: has(Quota::ApiKeys)?,
    })
}
