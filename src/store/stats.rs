//! What takes up space in a database: by table, and by workspace.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::StoreResult;
use super::engine::{Counter, Span, Table, TableStats, Whole};
use super::reading::at;
use crate::domain::{TenantId, Workspace};

/// What takes up space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// The size of the file, in bytes; 0 where there is none.
    pub file_bytes: u64,
    /// Every table, the largest first.
    pub tables: Vec<TableStats>,
    /// Every workspace, the largest first.
    pub workspaces: Vec<WorkspaceStats>,
}

impl Stats {
    /// Of a database whose file is so large, with these tables and workspaces.
    pub fn new(file_bytes: u64, mut tables: Vec<TableStats>, workspaces: Vec<WorkspaceStats>) -> Self {
        tables.sort_by_key(|table| Reverse(table.bytes));
        Self { file_bytes, tables, workspaces }
    }

    /// What is in the file beside the tables: mostly room that writes use before it grows, and that compacting gives back.
    pub fn unused_bytes(&self) -> u64 {
        self.file_bytes.saturating_sub(self.tables.iter().map(|table| table.bytes).sum())
    }
}

/// What a workspace takes up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

impl WorkspaceStats {
    /// Of every workspace, the largest first.
    pub fn of_all(whole: &(impl Whole + ?Sized)) -> StoreResult<Vec<Self>> {
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
}
