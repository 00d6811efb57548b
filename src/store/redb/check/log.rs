//! The change log: its positions have no gaps, and each entry knows the one before it of the same workspace.

use std::collections::HashMap;

use redb::ReadableTable as _;

use super::rows::Totals;
use super::{Check, Fix};
use crate::domain::TenantId;
use crate::store::StoreResult;
use crate::store::redb::change_log::chain;
use crate::store::redb::counters::Counter;
use crate::store::redb::records::{self, Entry};
use crate::store::redb::snapshot::Snapshot;

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
pub(super) fn check(check: &mut Check, snapshot: &Snapshot, totals: &mut Totals) -> StoreResult<Ends> {
    let mut newest = HashMap::new();
    let key = Counter::OldestChange.of_all();
    let noted = snapshot.counters()?.get(&key)?.map(|row| row.value());
    let first = snapshot.changes()?.first()?.map(|(seq, _)| seq.value());
    let oldest = match (noted, first) {
        (Some(noted), Some(first)) => noted.min(first),
        (noted, _) => noted.unwrap_or(1),
    };
    if noted.is_some() {
        totals.insert(key, oldest);
    }
    let mut expected = oldest;
    for row in snapshot.changes()?.range::<u64>(..)? {
        let (seq, value) = row?;
        let seq = seq.value();
        check.passed("changes");
        if seq != expected {
            check.damaged(format!("changes {expected} to {} are missing", seq - 1));
        }
        expected = seq + 1;
        let Entry { change, previous } = match records::decode(value.value()) {
            Ok(entry) => entry,
            Err(error) => {
                check.damaged(format!("changes {seq}: {error}"));
                continue;
            }
        };
        if change.seq != seq {
            check.damaged(format!("changes {seq}: the entry is that of position {}", change.seq));
        }
        if value.value().first() == Some(&WITHOUT_CHAIN) {
            continue;
        }
        if let Some(chain) = chain(change.tenant, change.about) {
            let before = newest.insert(chain, seq).unwrap_or_default();
            // What was removed is not missed.
            let is_removed = before == 0 && previous < oldest;
            if previous != before && !is_removed {
                let what = format!("changes {seq}: the entry before it is {before}, not {previous}");
                check.derived(what, Fix::Previous(seq, before));
            }
        }
    }
    Ok(Ends { newest, oldest })
}
