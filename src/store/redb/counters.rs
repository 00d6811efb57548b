//! How many there are of each thing, kept up to date by the intents so that no total is ever counted.

use std::collections::BTreeMap;

use redb::{ReadableTable, Table};

use crate::domain::TenantId;
use crate::store::{Counts, StoreResult};

pub(super) use crate::store::engine::Counter;

/// The counters while a group is written: each is read once and written once, however many intents change it.
pub(super) struct Counters<'txn> {
    table: Table<'txn, &'static [u8; 17], u64>,
    changed: BTreeMap<[u8; 17], u64>,
}

impl<'txn> Counters<'txn> {
    /// Counters over the table they are kept in.
    pub fn new(table: Table<'txn, &'static [u8; 17], u64>) -> Self {
        Self { table, changed: BTreeMap::new() }
    }

    /// Counts `step` more of something: in its scope, in all, or both.
    pub fn add(&mut self, scope: [u8; 16], counter: Counter, step: i64) -> StoreResult<()> {
        if counter.is_scoped() {
            self.step(counter.of(scope), step)?;
        }
        if counter.is_whole() {
            self.step(counter.of_all(), step)?;
        }
        Ok(())
    }

    /// How many there are in a scope.
    pub fn value_of(&self, scope: [u8; 16], counter: Counter) -> StoreResult<u64> {
        self.value(&counter.of(scope))
    }

    /// How many there are in a workspace.
    pub fn count_in(&self, tenant: TenantId, counter: Counter) -> StoreResult<u64> {
        self.value(&counter.of_tenant(tenant))
    }

    /// Counts what is in a workspace in no total any more.
    pub fn leave_totals(&mut self, tenant: TenantId) -> StoreResult<()> {
        for counter in Counter::SUMMED {
            let (whole, own) = (counter.of_all(), self.count_in(tenant, counter)?);
            let rest = self.value(&whole)?.saturating_sub(own);
            self.changed.insert(whole, rest);
        }
        Ok(())
    }

    /// Sets a counter; without a value it is removed.
    pub fn set(&mut self, key: [u8; 17], value: Option<u64>) -> StoreResult<()> {
        self.changed.remove(&key);
        match value {
            Some(value) => drop(self.table.insert(&key, value)?),
            None => drop(self.table.remove(&key)?),
        }
        Ok(())
    }

    /// Removes the counters of a workspace.
    pub fn remove_of(&mut self, tenant: TenantId) -> StoreResult<()> {
        let (mut first, mut last) = ([0; 17], [u8::MAX; 17]);
        first[..16].copy_from_slice(&tenant.to_bytes());
        last[..16].copy_from_slice(&tenant.to_bytes());
        self.changed.retain(|key, _| !(first..=last).contains(key));
        Ok(self.table.retain_in::<&[u8; 17], _>(&first..=&last, |_, _| false)?)
    }

    /// Notes the position of the newest entry of a workspace's chain, and returns that of the one before; 0 for the first.
    pub fn note_change(&mut self, tenant: TenantId, newest: Counter, seq: u64) -> StoreResult<u64> {
        let key = newest.of_tenant(tenant);
        let previous = self.value(&key)?;
        self.changed.insert(key, seq);
        Ok(previous)
    }

    fn step(&mut self, key: [u8; 17], step: i64) -> StoreResult<()> {
        let now = self.value(&key)?;
        self.changed.insert(key, now.saturating_add_signed(step));
        Ok(())
    }

    fn value(&self, key: &[u8; 17]) -> StoreResult<u64> {
        match self.changed.get(key) {
            Some(value) => Ok(*value),
            None => Ok(self.table.get(key)?.map_or(0, |row| row.value())),
        }
    }

    /// Writes the counters that were changed.
    pub fn flush(&mut self) -> StoreResult<()> {
        for (key, value) in std::mem::take(&mut self.changed) {
            self.table.insert(&key, value)?;
        }
        Ok(())
    }
}

/// A counter's value in a workspace.
pub(super) fn value_in(
    table: &impl ReadableTable<&'static [u8; 17], u64>,
    tenant: TenantId,
    counter: Counter,
) -> StoreResult<u64> {
    Ok(table.get(&counter.of_tenant(tenant))?.map_or(0, |row| row.value()))
}

/// The counters over all workspaces.
pub(super) fn counts(table: &impl ReadableTable<&'static [u8; 17], u64>) -> StoreResult<Counts> {
    let value =
        |counter: Counter| -> StoreResult<u64> { Ok(table.get(&counter.of_all())?.map_or(0, |row| row.value())) };
    Ok(Counts {
        users: value(Counter::Users)?,
        workspaces: value(Counter::Workspaces)?,
        artifacts: value(Counter::Artifacts)?,
        active_artifacts: value(Counter::ActiveArtifacts)?,
    })
}
