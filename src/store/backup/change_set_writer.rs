//! Writes a file of changes: sections, rows whose keys begin with some bytes, and each of them once.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::ops::Bound;

use super::BackupError;
use super::format::{BackupWriter, Content};
use crate::domain::{MAX_OLDER_COST, MIN_OLDER_COST, TenantId};
use crate::store::StoreResult;
use crate::store::engine::{Counter, Section, Span, Table, WHOLE, Whole};
use crate::store::reading::Reading as _;
use crate::store::schema::{SCHEMA_VERSION, VERSION_KEY};

/// The position of the entry that every database has, an empty one.
pub(super) const BEFORE_THE_FIRST: u64 = 0;

/// How many prefixes are remembered, so that they are not written again; then they are forgotten.
const REMEMBERED: usize = 100_000;

/// The entries of the change log from this position on.
pub(super) fn since(position: u64) -> Span {
    Span { first: Bound::Included(position.to_be_bytes().to_vec()), ..Span::all() }
}

/// A file of changes that is being written.
pub(super) struct ChangeSet<'a, W> {
    /// Where the rows are from.
    pub whole: &'a dyn Whole,
    writer: BackupWriter<W>,
    /// The section that is being written.
    section: Option<Section>,
    /// What is in it: sections, each with a prefix.
    written: HashSet<(Section, Vec<u8>)>,
    /// The workspaces that something has changed in, and whether they are still there.
    tenants: HashMap<TenantId, bool>,
}

impl<'a, W: Write> ChangeSet<'a, W> {
    /// A file to be written to `sink`, with rows from a database.
    pub fn new(whole: &'a dyn Whole, sink: W) -> Result<Self, BackupError> {
        let writer = BackupWriter::new(sink, Content::Changes)?;
        Ok(Self { whole, writer, section: None, written: HashSet::new(), tenants: HashMap::new() })
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
        let is_there = self.whole.has(Table::Workspaces, &tenant.to_bytes())?;
        self.tenants.insert(tenant, is_there);
        Ok(is_there)
    }

    /// The rows of a table whose keys begin with `prefix`.
    pub fn rows(&mut self, table: Table, prefix: &[u8]) -> Result<(), BackupError> {
        self.rows_of(Section::Rows(table), prefix)
    }

    fn rows_of(&mut self, section: Section, prefix: &[u8]) -> Result<(), BackupError> {
        let Some(span) = section.under(prefix) else { return Ok(()) };
        if self.written.len() >= REMEMBERED {
            self.written.clear();
        }
        if !self.written.insert((section, prefix.to_vec())) {
            return Ok(());
        }
        self.begin(section)?;
        self.writer.prefix(prefix)?;
        self.write_all(section, &span)
    }

    /// A key that says it all, whether or not it is still there.
    pub fn key(&mut self, table: Table, key: &[u8]) -> Result<(), BackupError> {
        self.begin(Section::Rows(table))?;
        self.writer.prefix(key)?;
        Ok(self.writer.row(key, &[])?)
    }

    /// Lets the copy remove everything in a workspace, and the mark of its deletion.
    pub fn clear(&mut self, tenant: TenantId) -> Result<(), BackupError> {
        if self.tenants.contains_key(&tenant) {
            // What was written before this is removed as well, and to be written again.
            self.written.clear();
        }
        for table in Table::IN_WORKSPACES.into_iter().chain([Table::WorkspacesDeleted]) {
            self.begin(Section::Rows(table))?;
            self.writer.prefix(&tenant.to_bytes())?;
        }
        Ok(())
    }

    fn begin(&mut self, section: Section) -> Result<(), BackupError> {
        if self.section != Some(section) {
            self.section = Some(section);
            self.writer.table(section.name())?;
        }
        Ok(())
    }

    fn write_all(&mut self, section: Section, span: &Span) -> Result<(), BackupError> {
        let mut rows = self.whole.section(section, span)?;
        while rows.advance()? {
            self.writer.row(rows.key(), rows.value())?;
        }
        Ok(())
    }

    /// Rows written by another version may be of another schema.
    pub fn write_schema(&mut self) -> Result<(), BackupError> {
        self.begin(Section::Facts)?;
        Ok(self.writer.row(VERSION_KEY.as_bytes(), &SCHEMA_VERSION.to_be_bytes())?)
    }

    /// The entries of the change log, beginning with the one that the copy has already.
    pub fn write_entries(&mut self, after: u64) -> Result<(), BackupError> {
        self.begin(Section::Changes)?;
        if after == BEFORE_THE_FIRST {
            self.writer.row(&after.to_be_bytes(), &[])?;
        }
        self.write_all(Section::Changes, &since(after))
    }

    /// The counters of all that has changed. Those of a deleted workspace go with the rest of it.
    pub fn write_counters(&mut self) -> Result<(), BackupError> {
        let standing = self.tenants.iter().filter(|(_, is_there)| **is_there).map(|(tenant, _)| tenant.to_bytes());
        let costs = (MIN_OLDER_COST..=MAX_OLDER_COST).map(Counter::cost_scope);
        for scope in standing.chain([WHOLE]).chain(costs).collect::<Vec<_>>() {
            self.rows_of(Section::Counters, &scope)?;
        }
        Ok(())
    }
}
