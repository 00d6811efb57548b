//! The change log: its positions have no gaps, and each entry knows the one before it of the same workspace.

use std::collections::HashMap;

use super::rows::Totals;
use super::{Check, Fix};
use crate::domain::{ChangeKind, TenantId};
use crate::store::StoreResult;
use crate::store::engine::{Counter, Entry, Section, Span, Whole, chain, number};
use crate::store::records;

/// The first version of entries did not know the one before, nor did anything know the newest.
const WITHOUT_CHAIN: u8 = 1;

/// What the log leads to.
pub(super) struct Ends {
    /// The newest entry of each chain that a workspace has.
    pub newest: HashMap<(TenantId, Counter), u64>,
    /// Entries before this position were removed.
    pub oldest: u64,
}

/// Checks the log from its first entry to its last. Which the first is, is counted once older ones were removed.
pub(super) fn check(check: &mut Check, whole: &dyn Whole, totals: &mut Totals) -> StoreResult<Ends> {
    let oldest = oldest(whole, totals)?;
    let (mut newest, mut expected) = (HashMap::new(), oldest);
    let mut entries = whole.section(Section::Changes, &Span::all())?;
    while entries.advance()? {
        let seq = number(entries.key());
        check.passed("changes");
        if seq != expected {
            check.damaged(format!("changes {expected} to {} are missing", seq - 1));
        }
        expected = seq + 1;
        let entry: Entry = match records::decode(entries.value()) {
            Ok(entry) => entry,
            Err(error) => {
                check.damaged(format!("changes {seq}: {error}"));
                continue;
            }
        };
        if entry.change.position.entry() != seq {
            check.damaged(format!("changes {seq}: the entry is that of position {}", entry.change.position));
        }
        if entries.value().first() == Some(&WITHOUT_CHAIN) {
            continue;
        }
        if let ChangeKind::WorkspaceCreated(tenant) = entry.change.kind {
            // One with the id of a workspace that is gone for good has nothing before it.
            for counter in [Counter::NewestChange, Counter::NewestAbout] {
                newest.remove(&(tenant, counter));
            }
        }
        if let Some(chain) = chain(entry.change.tenant, entry.change.about) {
            let before = newest.insert(chain, seq).unwrap_or_default();
            // What was removed is not missed.
            let is_removed = before == 0 && entry.previous < oldest;
            if entry.previous != before && !is_removed {
                let what = format!("changes {seq}: the entry before it is {before}, not {}", entry.previous);
                let relinked = Entry { previous: before, ..entry }.to_bytes()?;
                check.derived(what, Fix::put(Section::Changes, entries.key(), &relinked));
            }
        }
    }
    Ok(Ends { newest, oldest })
}

/// Which position the log begins at.
fn oldest(whole: &dyn Whole, totals: &mut Totals) -> StoreResult<u64> {
    let key = Counter::OldestChange.of_all();
    let noted = whole.row_of(Section::Counters, &key)?.map(|row| number(&row));
    let first = whole.some(Section::Changes, None, 1)?.first().map(|(key, _)| number(key));
    let oldest = match (noted, first) {
        (Some(noted), Some(first)) => noted.min(first),
        (noted, _) => noted.unwrap_or(1),
    };
    if noted.is_some() {
        totals.insert(key, oldest);
    }
    Ok(oldest)
}
