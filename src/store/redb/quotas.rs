//! How much a workspace has, and may have.

use super::counters::{Counter, value_in};
use super::snapshot::Snapshot;
use super::tables::Tables;
use crate::domain::{Quota, TenantId, Usage};
use crate::store::{StoreError, StoreResult};

impl Counter {
    /// What counts how much of it there is.
    fn of_quota(quota: Quota) -> Self {
        match quota {
            Quota::Artifacts => Self::Artifacts,
            Quota::Bytes => Self::Bytes,
            Quota::Members => Self::Members,
            Quota::ApiKeys => Self::ApiKeys,
        }
    }
}

/// Refuses to let a workspace have so much more of something, if that is too much. What it has already is left.
pub(super) fn require_room(tables: &mut Tables<'_>, tenant: TenantId, quota: Quota, more: u64) -> StoreResult<()> {
    let Some(limit) = tables.quotas.of(quota) else { return Ok(()) };
    let used = tables.counters()?.count_in(tenant, Counter::of_quota(quota))?;
    if used.saturating_add(more) > limit { Err(StoreError::QuotaExceeded { quota, limit }) } else { Ok(()) }
}

/// How much a workspace has.
pub(super) fn usage(snapshot: &Snapshot, tenant: TenantId) -> StoreResult<Usage> {
    let used = |quota| value_in(snapshot.counters()?, tenant, Counter::of_quota(quota));
    Ok(Usage {
        artifacts: used(Quota::Artifacts)?,
        bytes: used(Quota::Bytes)?,
        members: used(Quota::Members)?,
        api_keys: used(Quota::ApiKeys)?,
    })
}
