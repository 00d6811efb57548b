//! What takes up space in a database: by table, and by workspace.

use std::fs;

use redb::{Database, ReadableTableMetadata as _};

use super::errors::OpenError;
use super::open::{self, Options};
use super::snapshot::Snapshot;
use super::tables::every_table;
use crate::store::stats::workspaces;
use crate::store::{Cause, StoreResult, WorkspaceStats};

/// What takes up space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// The size of the file, in bytes.
    pub file_bytes: u64,
    /// What is used of that, in bytes.
    pub used_bytes: u64,
    /// Every table, the largest first.
    pub tables: Vec<TableStats>,
    /// Every workspace, the largest first.
    pub workspaces: Vec<WorkspaceStats>,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableStats {
    /// Its name.
    pub name: String,
    /// How many rows it has.
    pub rows: u64,
    /// The size of its pages, in bytes.
    pub bytes: u64,
}

/// Looks at the database that nobody else has open.
pub fn stats(options: &Options) -> Result<Stats, OpenError> {
    let path = options.location.path();
    let database = open::open_current(options)?;
    let file_bytes = fs::metadata(&path).map_or(0, |metadata| metadata.len());
    let stats = look(&database, file_bytes).map_err(|error| OpenError::after_opening(path.clone(), &error))?;
    database.close().map_err(|error| OpenError::Other { path, cause: Cause::new(error) })?;
    Ok(stats)
}

fn look(database: &Database, file_bytes: u64) -> StoreResult<Stats> {
    let txn = database.begin_write()?;
    let pages = txn.stats()?;
    txn.abort()?;
    let snapshot = Snapshot::open(database)?;
    let mut tables = Vec::new();
    every_table!(table => {
        let (name, table) = (redb::TableHandle::name(&table).to_owned(), snapshot.txn().open_table(table)?);
        let pages = table.stats()?;
        let bytes = pages.stored_bytes() + pages.metadata_bytes() + pages.fragmented_bytes();
        tables.push(TableStats { name, rows: table.len()?, bytes });
    });
    tables.sort_by_key(|table| std::cmp::Reverse(table.bytes));

    let used_bytes = pages.allocated_pages() * pages.page_size() as u64;
    Ok(Stats { file_bytes, used_bytes, tables, workspaces: workspaces(&snapshot)? })
}
