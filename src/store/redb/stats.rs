//! What takes up space in a database: by table, and by workspace.

use std::fs;

use redb::{Database, ReadableTable as _, ReadableTableMetadata as _};

use super::counters::{Counter, value_in};
use super::errors::OpenError;
use super::open::{self, Options};
use super::snapshot::Snapshot;
use super::tables::{every_table, read};
use crate::domain::{TenantId, Workspace};
use crate::store::{Cause, StoreResult};

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

/// A workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceStats {
    /// Its slug.
    pub slug: String,
    /// Its members.
    pub members: u64,
    /// Its API keys.
    pub api_keys: u64,
    /// Its artifacts, those in the trash included.
    pub artifacts: u64,
    /// Those in the trash.
    pub in_trash: u64,
    /// The size of its artifacts and their histories, in bytes, without what the tables add.
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

    let mut workspaces = Vec::new();
    for row in snapshot.workspaces()?.iter()? {
        let (key, value) = row?;
        // One that can't be read is called by its id.
        let workspace = read::<Workspace>("workspaces", key.value(), value.value());
        let id = TenantId::from_bytes(*key.value());
        let slug = workspace.map_or_else(|_| id.to_string(), |workspace| workspace.slug.as_str().to_owned());
        let count = |counter| value_in(snapshot.counters()?, TenantId::from_bytes(*key.value()), counter);
        let artifacts = count(Counter::Artifacts)?;
        workspaces.push(WorkspaceStats {
            slug,
            members: count(Counter::Members)?,
            artifacts,
            in_trash: artifacts.saturating_sub(count(Counter::ActiveArtifacts)?),
            bytes: count(Counter::Bytes)?,
            api_keys: count(Counter::ApiKeys)?,
        });
    }
    workspaces.sort_by(|one, other| (other.bytes, &one.slug).cmp(&(one.bytes, &other.slug)));
    let used_bytes = pages.allocated_pages() * pages.page_size() as u64;
    Ok(Stats { file_bytes, used_bytes, tables, workspaces })
}
