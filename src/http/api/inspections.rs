//! The database as a whole, and the search index, for operators.

use std::collections::BTreeMap;
use std::sync::Arc;

use poem::web::Data;
use poem_openapi::{Object, OpenApi};
use serde::Serialize;

use super::Tag;
use crate::http::json::Json;
use crate::http::operators::Operator;
use crate::http::refused::{OPERATOR, Refused};
use crate::http::state::State;
use crate::service::{CheckReport, IndexProgress, Stats};

/// Operations on everything that is kept.
pub(crate) struct InspectionsApi;

#[OpenApi(prefix_path = "/api/v1/operator", tag = "Tag::Operator")]
impl InspectionsApi {
    /// Show what takes up space
    ///
    /// For operators. Reads everything as of one moment, with little of the processor, so it takes its time; there is one at a time,
    /// of this and of the check: another is 503 `overloaded`.
    #[oai(path = "/storage", method = "get", operation_id = "get_storage")]
    async fn storage(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
    ) -> Result<Json<StorageBody>, Refused<{ OPERATOR }>> {
        Ok(Json(state.service.storage(&operator.0).await?.into()))
    }

    /// Check that everything agrees
    ///
    /// For operators. Reads everything as of one moment, and compares it: rows, indexes, counters, the change log, the search index.
    /// Nothing is changed; `ghostworks check --repair` sets right what can be derived, while the server is stopped. It takes
    /// its time, and there is one at a time: another is 503 `overloaded`.
    #[oai(path = "/check", method = "post", operation_id = "check_database")]
    async fn check(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
    ) -> Result<Json<CheckBody>, Refused<{ OPERATOR }>> {
        Ok(Json(state.service.check(&operator.0).await?.into()))
    }

    /// Show how far the search index is
    ///
    /// For operators.
    #[oai(path = "/search-index", method = "get", operation_id = "get_search_index")]
    async fn search_index(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
    ) -> Result<Json<SearchIndexBody>, Refused<{ OPERATOR }>> {
        Ok(Json(state.service.search_index(&operator.0).await?.into()))
    }

    /// Rebuild the search index
    ///
    /// For operators. It is emptied, and filled from all artifacts in the background; until then, searches are 503
    /// `search_rebuilding`. While it is being rebuilt, nothing begins again. The answer says how far it is.
    #[oai(path = "/search-index/rebuild", method = "post", operation_id = "rebuild_search_index")]
    async fn rebuild(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
    ) -> Result<Json<SearchIndexBody>, Refused<{ OPERATOR }>> {
        Ok(Json(state.service.rebuild_search_index(&operator.0).await?.into()))
    }
}

/// What takes up space.
#[derive(Serialize, Object)]
#[oai(rename = "Storage")]
struct StorageBody {
    /// The size of the database's file, in bytes.
    file_bytes: u64,
    /// What of that is in no table, in bytes: mostly what compacting gives back.
    unused_bytes: u64,
    /// Every table, the largest first.
    tables: Vec<TableBody>,
    /// Every workspace, the largest first.
    workspaces: Vec<WorkspaceUseBody>,
}

/// A table of the database.
#[derive(Serialize, Object)]
#[oai(rename = "StoredTable")]
struct TableBody {
    /// Its name.
    name: String,
    /// How many rows it has.
    rows: u64,
    /// Its size, in bytes.
    bytes: u64,
}

/// What a workspace takes up.
#[derive(Serialize, Object)]
#[oai(rename = "StoredWorkspace")]
struct WorkspaceUseBody {
    /// Its slug.
    slug: String,
    /// Its members.
    members: u64,
    /// Its API keys.
    api_keys: u64,
    /// Its artifacts, those in the trash included.
    artifacts: u64,
    /// Those in the trash.
    in_trash: u64,
    /// The size of its artifacts and their histories, in bytes.
    bytes: u64,
}

impl From<Stats> for StorageBody {
    fn from(stats: Stats) -> Self {
        let tables = stats.tables.iter().map(|it| TableBody { name: it.name.clone(), rows: it.rows, bytes: it.bytes });
        let workspaces = stats.workspaces.iter().map(|it| WorkspaceUseBody {
            slug: it.slug.clone(),
            members: it.members,
            api_keys: it.api_keys,
            artifacts: it.artifacts,
            in_trash: it.in_trash,
            bytes: it.bytes,
        });
        Self {
            file_bytes: stats.file_bytes,
            unused_bytes: stats.unused_bytes(),
            tables: tables.collect(),
            workspaces: workspaces.collect(),
        }
    }
}

/// What a check found.
#[derive(Serialize, Object)]
#[oai(rename = "CheckReport")]
struct CheckBody {
    /// How many rows were checked, by table.
    rows: BTreeMap<String, u64>,
    /// What is wrong; the first hundred.
    findings: Vec<FindingBody>,
    /// How many things are wrong.
    found: usize,
    /// How many of them can be repaired.
    repairable: usize,
}

/// Something that is wrong.
#[derive(Serialize, Object)]
#[oai(rename = "CheckFinding")]
struct FindingBody {
    /// What it is.
    finding: String,
    /// Whether it can be repaired: it is derived from the rest.
    repairable: bool,
}

impl From<CheckReport> for CheckBody {
    fn from(report: CheckReport) -> Self {
        let findings = report.findings.into_iter().map(|(finding, repairable)| FindingBody { finding, repairable });
        Self {
            rows: report.rows.into_iter().map(|(table, rows)| (table.into_owned(), rows)).collect(),
            findings: findings.collect(),
            found: report.found,
            repairable: report.repairable,
        }
    }
}

/// How far the search index is.
#[derive(Serialize, Object)]
#[oai(rename = "SearchIndexProgress")]
struct SearchIndexBody {
    /// Whether it can be searched; not while it is rebuilt.
    complete: bool,
    /// How many artifacts are in it.
    artifacts: u64,
    /// How many there are to be.
    of: u64,
}

impl From<IndexProgress> for SearchIndexBody {
    fn from(IndexProgress { is_complete, done, total }: IndexProgress) -> Self {
        Self { complete: is_complete, artifacts: done, of: total }
    }
}
