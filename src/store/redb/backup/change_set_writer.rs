//! Writes a file of changes: tables, rows whose keys begin with some bytes, and each of them once.

use std::collections::{HashMap, HashSet};
use std::io::Write;

use redb::{Key, ReadOnlyTable, TableDefinition, TableHandle, Value};

use super::BackupError;
use super::format::{BackupWriter, Content};
use super::prefix::bounds;
use crate::domain::TenantId;
use crate::store::redb::counters;
use crate::store::redb::migrate::{SCHEMA_KEY, SCHEMA_VERSION};
use crate::store::redb::snapshot::Snapshot;
use crate::store::redb::tables::{CHANGES, COUNTERS, META};
use crate::store::{StoreError, StoreResult};

/// The position of the entry that every database has, an empty one.
pub(super) const BEFORE_THE_FIRST: u64 = 0;

/// How many prefixes are remembered, so that they are not written again; then they are forgotten.
const REMEMBERED: usize = 100_000;

/// A file of changes that is being written.
pub(super) struct ChangeSet<'a, W> {
    /// Where the rows are from.
    pub snapshot: &'a Snapshot,
    writer: BackupWriter<W>,
    /// The table that is being written.
    table: String,
    /// What is in it: tables, each with a prefix.
    written: HashSet<Vec<u8>>,
    /// The workspaces that something has changed in, and whether they are still there.
    tenants: HashMap<TenantId, bool>,
}

impl<'a, W: Write> ChangeSet<'a, W> {
    /// A file to be written to `sink`, with rows from `snapshot`.
    pub fn new(snapshot: &'a Snapshot, sink: W) -> Result<Self, BackupError> {
        let writer = BackupWriter::new(sink, Content::Changes)?;
        Ok(Self { snapshot, writer, table: String::new(), written: HashSet::new(), tenants: HashMap::new() })
    }

    /// Ends the file, and returns how many rows it has.
    pub fn finish(self) -> Result<u64, BackupError> {
        Ok(self.writer.finish()?)
    }

    /// Notes that something has changed in a workspace, and returns whether it is still there.
    pub fn is_there(&mut self, tenant: TenantId) -> StoreResult<bool> {
        if let Some(is_there) = self.tenants.get(&tenant) {
            return Ok(*is_there);
        }
        let is_there = self.snapshot.workspaces()?.get(&tenant.to_bytes())?.is_some();
        self.tenants.insert(tenant, is_there);
        Ok(is_there)
    }

    /// The rows of a table whose keys begin with `prefix`.
    pub fn rows<K: Key + 'static, V: Value + 'static>(
        &mut self,
        table: TableDefinition<'static, K, V>,
        rows: &ReadOnlyTable<K, V>,
        prefix: &[u8],
    ) -> Result<(), BackupError> {
        let Some((first, last)) = bounds::<K>(prefix) else { return Ok(()) };
        if self.written.len() >= REMEMBERED {
            self.written.clear();
        }
        if !self.written.insert([table.name().as_bytes(), &[0], prefix].concat()) {
            return Ok(());
        }
        self.begin(table.name())?;
        self.writer.prefix(prefix)?;
        for row in rows.range(K::from_bytes(&first)..=K::from_bytes(&last)).map_err(StoreError::from)? {
            let (key, value) = row.map_err(StoreError::from)?;
            self.writer.row(K::as_bytes(&key.value()).as_ref(), V::as_bytes(&value.value()).as_ref())?;
        }
        Ok(())
    }

    /// A key that says it all, whether or not it is still there.
    pub fn key(&mut self, table: &impl TableHandle, key: &[u8]) -> Result<(), BackupError> {
        self.begin(table.name())?;
        self.writer.prefix(key)?;
        Ok(self.writer.row(key, &[])?)
    }

    fn begin(&mut self, table: &str) -> Result<(), BackupError> {
        if self.table != table {
            table.clone_into(&mut self.table);
            self.writer.table(table)?;
        }
        Ok(())
    }

    /// Rows written by another version may be of another schema.
    pub fn write_schema(&mut self) -> Result<(), BackupError> {
        self.begin(META.name())?;
        Ok(self.writer.row(SCHEMA_KEY.as_bytes(), &SCHEMA_VERSION.to_be_bytes())?)
    }

    /// The entries of the change log, beginning with the one that the copy has already.
    pub fn write_entries(&mut self, since: u64) -> Result<(), BackupError> {
        self.begin(CHANGES.name())?;
        if since == BEFORE_THE_FIRST {
            self.writer.row(u64::as_bytes(&since).as_ref(), &[])?;
        }
        for entry in self.snapshot.changes()?.range(since..).map_err(StoreError::from)? {
            let (seq, entry) = entry.map_err(StoreError::from)?;
            self.writer.row(u64::as_bytes(&seq.value()).as_ref(), entry.value())?;
        }
        Ok(())
    }

    /// The counters of all that has changed. Those of a deleted workspace go with the rest of it.
    pub fn write_counters(&mut self) -> Result<(), BackupError> {
        let counters = self.snapshot.counters()?;
        let standing = self.tenants.iter().filter(|(_, is_there)| **is_there).map(|(tenant, _)| tenant.to_bytes());
        for owner in standing.chain([counters::WHOLE]).collect::<Vec<_>>() {
            self.rows(COUNTERS, counters, &owner)?;
        }
        Ok(())
    }
}
