//! The counters, compared with what was counted.

use super::log::Ends;
use super::rows::Totals;
use super::{Check, Fix, name};
use crate::store::StoreResult;
use crate::store::redb::counters::{Counter, tenant_of};
use crate::store::redb::snapshot::Snapshot;

/// Checks that they say `totals`, and lead to the newest change of each workspace.
pub(super) fn check(check: &mut Check, snapshot: &Snapshot, mut totals: Totals, ends: &Ends) -> StoreResult<()> {
    for ((tenant, newest), seq) in &ends.newest {
        // The log remembers workspaces that were deleted; the counters don't.
        if snapshot.workspaces()?.get(&tenant.to_bytes())?.is_some() {
            totals.insert(newest.of_tenant(*tenant), *seq);
        }
    }
    for row in snapshot.counters()?.range::<&[u8; 17]>(..)? {
        let (key, value) = row?;
        let (key, value) = (*key.value(), value.value());
        check.passed("counters");
        let expected = totals.remove(&key);
        // Of a workspace in which nothing has changed for long, the log has nothing any more.
        let is_removed = expected.is_none()
            && (Counter::NewestChange.is_of(&key) || Counter::NewestAbout.is_of(&key))
            && value < ends.oldest;
        if is_removed {
            continue;
        }
        // They go when everything in a deleted workspace has gone.
        if snapshot.workspaces_deleted()?.get(&tenant_of(&key))?.is_some() || expected.unwrap_or_default() == value {
            continue;
        }
        let what = format!("counters {}: {value} instead of {}", name(&key), expected.unwrap_or_default());
        check.derived(what, Fix::Counter(key, expected));
    }
    for (key, expected) in totals.into_iter().filter(|(_, expected)| *expected > 0) {
        check
            .derived(format!("counters {}: none instead of {expected}", name(&key)), Fix::Counter(key, Some(expected)));
    }
    Ok(())
}
