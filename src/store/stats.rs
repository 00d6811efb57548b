//! What takes up space in a database: by table, and by workspace.

use std::cmp::Reverse;

use super::StoreResult;
use super::engine::{Counter, Span, Table, TableStats, Whole};
use super::reading::at;
use crate::domain::{TenantId, Workspace};

/// What takes up space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// The size of the file, in bytes; 0 where there is none.
    pub file_bytes: u64,
    /// Every table, the largest first.
    pub tables: Vec<TableStats>,
    /// Every workspace, the largest first.
    pub workspaces: Vec<WorkspaceStats>,
}

impl Stats {
    /// Of a database whose file is so large. Reads everything.
    pub fn of(whole: &(impl Whole + ?Sized), file_bytes: u64) -> StoreResult<Self> {
        let mut tables = whole.sizes()?;
        tables.sort_by_key(|table| Reverse(table.bytes));
        Ok(Self { file_bytes, tables, workspaces: workspaces(whole)? })
    }

    /// What is in the file beside the tables: room that writes use before it grows, and that compacting gives back.
    pub fn unused_bytes(&self) -> u64 {
        self.file_bytes.saturating_sub(self.tables.iter().map(|table| table.bytes).sum())
    }
}

/// What a workspace takes up.
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

/// Every workspace, the largest first.
fn workspaces(whole: &(impl Whole + ?Sized)) -> StoreResult<Vec<WorkspaceStats>> {
    let (mut workspaces, mut rows) = (Vec::new(), whole.range(Table::Workspaces, &Span::all())?);
    while rows.advance()? {
        let scope = rows.key().first_chunk().copied().unwrap_or_default();
        let count = |counter| whole.count(scope, counter);
        // One that can't be read is called by its id.
        let workspace: StoreResult<Workspace> = at(whole, Table::Workspaces, &*rows);
        let id = || TenantId::from_bytes(scope).to_string();
        let artifacts = count(Counter::Artifacts)?;
        workspaces.push(WorkspaceStats {
            slug: workspace.map_or_else(|_| id(), |workspace| workspace.slug.as_str().to_owned()),
            members: count(Counter::Members)?,
            artifacts,
            in_trash: artifacts.saturating_sub(count(Counter::ActiveArtifacts)?),
            bytes: count(Counter::Bytes)?,
            api_keys: count(Counter::ApiKeys)?,
        });
    }
    workspaces.sort_by(|one, other| (Reverse(one.bytes), &one.slug).cmp(&(Reverse(other.bytes), &other.slug)));
    Ok(workspaces)
}
