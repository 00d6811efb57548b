//! The counters, compared with what was counted.

use super::log::Ends;
use super::rows::Totals;
use super::{Check, Fix, first_of, name};
use crate::store::StoreResult;
use crate::store::engine::{Counter, Section, Span, Table, Whole, number};
use crate::store::reading::Reading as _;

/// Checks that they say `totals`, and lead to the newest change of each workspace.
pub(super) fn check(check: &mut Check, whole: &dyn Whole, mut totals: Totals, ends: &Ends) -> StoreResult<()> {
    for ((tenant, newest), seq) in &ends.newest {
        // The log remembers workspaces that were deleted; the counters don't.
        if whole.has(Table::Workspaces, &tenant.to_bytes())? {
            totals.insert(newest.of_tenant(*tenant), *seq);
        }
    }
    let mut counters = whole.section(Section::Counters, &Span::all())?;
    while counters.advance()? {
        let Some(key) = counters.key().first_chunk::<17>() else { continue };
        let value = number(counters.value());
        check.passed("counters");
        let expected = totals.remove(key);
        // Of a workspace in which nothing has changed for long, the log has nothing any more.
        let is_removed = expected.is_none()
            && (Counter::NewestChange.is_of(key) || Counter::NewestAbout.is_of(key))
            && value < ends.oldest;
        if is_removed {
            continue;
        }
        // They go when everything in a deleted workspace has gone.
        if whole.has(Table::WorkspacesDeleted, &first_of(key))? || expected.unwrap_or_default() == value {
            continue;
        }
        let what = format!("counters {}: {value} instead of {}", name(key), expected.unwrap_or_default());
        check.derived(what, fix(key, expected));
    }
    for (key, expected) in totals.into_iter().filter(|(_, expected)| *expected > 0) {
        let what = format!("counters {}: none instead of {expected}", name(&key));
        check.derived(what, fix(&key, Some(expected)));
    }
    Ok(())
}

fn fix(key: &[u8; 17], value: Option<u64>) -> Fix {
    match value {
        Some(value) => Fix::put(Section::Counters, key, &value.to_be_bytes()),
        None => Fix::remove(Section::Counters, key),
    }
}
