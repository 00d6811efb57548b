//! The change log: one entry for each thing that a write changed, in the order of the commits, without gaps.

use redb::{ReadableTable, Table};

use crate::domain::{Change, LogPosition, Stamp, Timestamp, UserId};
use crate::store::StoreResult;
use crate::store::engine::{Entry, Logged};

/// The log while a group is written.
pub(super) struct ChangeLog<'txn> {
    table: Table<'txn, u64, &'static [u8]>,
    last: u64,
}

impl<'txn> ChangeLog<'txn> {
    /// The log, to be continued after its last entry.
    pub fn new(table: Table<'txn, u64, &'static [u8]>) -> StoreResult<Self> {
        let last = last_seq(&table)?;
        Ok(Self { table, last })
    }

    /// The position that the next entry will have.
    pub fn next_seq(&self) -> u64 {
        self.last + 1
    }

    /// Adds an entry; `previous` is the position of the entry before of its chain, or 0.
    pub fn append(&mut self, logged: &Logged, stamp: &Stamp, previous: u64) -> StoreResult<()> {
        let Logged { scope, about, kind } = *logged;
        let (seq, tenant, actor) = (self.next_seq(), scope.tenant(), stamp.actor.clone());
        let entry = Entry {
            change: Change { position: LogPosition::of_entry(seq), tenant, about, at: stamp.at, actor, kind },
            previous,
        };
        self.table.insert(seq, entry.to_bytes()?.as_slice())?;
        self.last = seq;
        Ok(())
    }

    /// Removes the first entries, at most `limit`, that are from before `before`, but never the last one: the next follows
    /// it. Returns the position that the log begins at then, if any was removed, and whether there may be more.
    pub fn trim(&mut self, before: Timestamp, limit: usize) -> StoreResult<(Option<u64>, bool)> {
        let mut removed = 0;
        while removed < limit && begins_before(&self.table, before)? {
            self.table.pop_first()?;
            removed += 1;
        }
        let first = self.table.first()?.map(|(seq, _)| seq.value());
        Ok((first.filter(|_| removed > 0), removed == limit))
    }
}

impl ChangeLog<'_> {
    /// Takes the addresses and programs of these people out of the next `limit` entries after a position. Returns the
    /// position of the last of them, none at the end, and whether anything was taken out.
    pub fn scrub(&mut self, people: &[UserId], after: u64, limit: usize) -> StoreResult<(Option<u64>, bool)> {
        let (mut at, mut scrubbed) = (after, Vec::new());
        for (passed, row) in self.table.range(after.saturating_add(1)..)?.enumerate() {
            if passed == limit {
                break;
            }
            let (seq, entry) = row?;
            at = seq.value();
            // One that can't be read says nothing.
            if let Ok(mut entry) = Entry::at(at, entry.value())
                && entry.change.is_personal_to(people)
            {
                entry.change.actor.forget_place();
                scrubbed.push((at, entry));
            }
        }
        for (seq, entry) in &scrubbed {
            self.table.insert(seq, entry.to_bytes()?.as_slice())?;
        }
        Ok((Some(at).filter(|at| *at < self.last), !scrubbed.is_empty()))
    }
}

/// Whether the first entry is from before `before`, and not the last as well.
pub(super) fn begins_before(table: &impl ReadableTable<u64, &'static [u8]>, before: Timestamp) -> StoreResult<bool> {
    let last = last_seq(table)?;
    for row in table.iter()? {
        let (seq, entry) = row?;
        if seq.value() >= last {
            break;
        }
        // One that can't be read is as old as the next that can.
        if let Ok(entry) = Entry::at(seq.value(), entry.value()) {
            return Ok(entry.change.at < before);
        }
    }
    Ok(false)
}

/// The position of the last entry; 0 when there is none.
pub(super) fn last_seq(table: &impl ReadableTable<u64, &'static [u8]>) -> StoreResult<u64> {
    Ok(table.last()?.map_or(0, |(seq, _)| seq.value()))
}
