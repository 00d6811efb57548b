//! The change log: one entry for each thing that a write changed, in the order of the commits, without gaps.

use async_trait::async_trait;
use redb::{ReadableTable, Table};

use super::records::{self, Entry};
use super::scan::Budget;
use super::snapshot::Snapshot;
use super::{INLINE_ROWS, RedbStore};
use crate::domain::{Change, ChangeKind, Stamp, TenantId};
use crate::store::{Changes, StoreResult};

#[async_trait]
impl Changes for RedbStore {
    async fn changes(&self, after: u64, limit: usize) -> StoreResult<Vec<Change>> {
        if limit > INLINE_ROWS {
            self.scan("changes", move |snapshot, budget| list(snapshot, budget, after, limit)).await
        } else {
            self.read("list", "changes", |snapshot| list(snapshot, &Budget::UNLIMITED, after, limit))
        }
    }
}

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

    /// The position that the next entry will have.
    pub fn next_seq(&self) -> u64 {
        self.last + 1
    }

    /// Adds an entry; `previous` is the position of the workspace's entry before, or 0.
    pub fn append(
        &mut self,
        tenant: Option<TenantId>,
        stamp: &Stamp,
        kind: ChangeKind,
        previous: u64,
    ) -> StoreResult<()> {
        let change = Change { seq: self.next_seq(), tenant, at: stamp.at, actor: stamp.actor.clone(), kind };
        let entry = Entry { change, previous };
        self.table.insert(entry.change.seq, records::encode(&entry)?.as_slice())?;
        self.last = entry.change.seq;
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
    rows.take(limit).map(|row| records::decode(row?.1.value()).map(|entry: Entry| entry.change)).collect()
}
