//! The change log: one entry for each thing that a write changed, in the order of the commits, without gaps.

use redb::{ReadableTable, Table};

use super::records;
use super::scan::Budget;
use super::snapshot::Snapshot;
use crate::domain::{Change, ChangeKind, Stamp, TenantId};
use crate::store::StoreResult;

/// The log while a group is written.
pub(super) struct ChangeLog<'txn> {
    table: Table<'txn, u64, &'static [u8]>,
    last: u64,
    appended: usize,
}

impl<'txn> ChangeLog<'txn> {
    /// The log, to be continued after its last entry.
    pub fn new(table: Table<'txn, u64, &'static [u8]>) -> StoreResult<Self> {
        let last = last_seq(&table)?;
        Ok(Self { table, last, appended: 0 })
    }

    /// Adds an entry. Every intent that writes does so once for each thing it changes.
    pub fn append(&mut self, tenant: Option<TenantId>, stamp: Stamp, kind: ChangeKind) -> StoreResult<()> {
        let change = Change { seq: self.last + 1, tenant, stamp, kind };
        self.table.insert(change.seq, records::encode(&change)?.as_slice())?;
        self.last = change.seq;
        self.appended += 1;
        Ok(())
    }

    /// How many entries the group has added so far.
    pub fn appended(&self) -> usize {
        self.appended
    }
}

/// The position of the last entry; 0 when there is none.
pub(super) fn last_seq(table: &impl ReadableTable<u64, &'static [u8]>) -> StoreResult<u64> {
    Ok(table.last()?.map_or(0, |(seq, _)| seq.value()))
}

/// At most `limit` entries after position `after`, oldest first.
pub(super) fn list(snapshot: &Snapshot, budget: &Budget, after: u64, limit: usize) -> StoreResult<Vec<Change>> {
    let rows = budget.over(snapshot.changes.range(after.saturating_add(1)..)?);
    rows.take(limit).map(|row| records::decode(row?.1.value())).collect()
}
