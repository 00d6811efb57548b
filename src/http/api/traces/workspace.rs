//! The last requests in one workspace, for its admins.

use std::collections::BTreeMap;
use std::sync::Arc;

use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{Object, OpenApi};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::body::{hex, milliseconds, time};
use super::query::WorkspaceTracesQuery;
use crate::domain::TenantId;
use crate::http::api::Tag;
use crate::http::extract::SignedIn;
use crate::http::json::Json;
use crate::http::problem::Problem;
use crate::http::refused::{BY_ID, INVALID, Refused};
use crate::http::state::State;
use crate::http::traces_cursor;
use crate::http::types::Time;
use crate::operations::Operation;
use crate::telemetry::recorder::{Part, Record};

/// The operation at `/api/v1/workspaces/{workspace_id}/traces`.
pub(crate) struct WorkspaceTracesApi;

#[OpenApi(prefix_path = "/api/v1/workspaces", tag = "Tag::Audit")]
impl WorkspaceTracesApi {
    /// List the last requests in a workspace
    ///
    /// Admins may. Requests whose callers were allowed to do what they asked for in the workspace, newest first, as far as
    /// the server remembers them: errors, the slowest, and a sample of the others. Who sent them, and from where, is in the
    /// audit view.
    #[oai(path = "/:workspace_id/traces", method = "get", operation_id = "list_workspace_traces")]
    async fn list(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        query: WorkspaceTracesQuery,
    ) -> Result<Json<WorkspaceTracePageBody>, Refused<{ BY_ID | INVALID }>> {
        let tenant: TenantId = workspace_id.0.into();
        let key = &state.service.signatures.cursor_key;
        let asked = query.check(key, tenant).map_err(|violations| Problem::validation(&violations))?;
        let page = state.service.recorded_in(&caller.0, tenant, asked.wanted, asked.after, asked.limit).await?;
        let next_cursor = page.next.and_then(|place| traces_cursor::encode(key, place, Some(tenant)));
        let items = page.records.iter().map(|(record, parts)| WorkspaceTraceBody::new(record, parts));
        Ok(Json(WorkspaceTracePageBody { items: items.collect(), next_cursor }))
    }
}

/// A page of requests in a workspace.
#[derive(Serialize, Object)]
#[oai(rename = "WorkspaceTracePage")]
struct WorkspaceTracePageBody {
    /// The requests, newest first.
    items: Vec<WorkspaceTraceBody>,
    /// The cursor of the next page, if there is one.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// A request in a workspace.
#[derive(Serialize, Object)]
#[oai(rename = "WorkspaceTrace")]
struct WorkspaceTraceBody {
    /// The W3C id of its trace, which entries of the audit view have as well.
    trace_id: String,
    /// When it came.
    started_at: Time,
    /// How long it took, in milliseconds.
    duration_ms: f64,
    /// Its method.
    method: String,
    /// The pattern of its path.
    #[oai(nullable)]
    route: Option<String>,
    /// What it asked for.
    #[oai(nullable)]
    operation: Option<String>,
    /// The status of the answer; 499 when the client left before it.
    #[oai(validator(minimum(value = "100"), maximum(value = "599")))]
    status: u16,
    /// What kind of failure it was; null without one.
    #[oai(nullable)]
    error_type: Option<String>,
    /// How long its write waited to be written, in milliseconds; null without a write.
    #[oai(nullable)]
    queue_ms: Option<f64>,
    /// How long it took to be on disk then.
    #[oai(nullable)]
    commit_ms: Option<f64>,
    /// How long it waited for the search index to know of every write before; null without a search.
    #[oai(nullable)]
    index_wait_ms: Option<f64>,
    /// Its parts, where they were kept.
    spans: Vec<SpanBody>,
}

/// A part of a request.
#[derive(Serialize, Object)]
#[oai(rename = "WorkspaceTraceSpan")]
struct SpanBody {
    /// What was done.
    name: String,
    /// When it began, in milliseconds after the request came.
    at_ms: f64,
    /// How long it took.
    duration_ms: f64,
    /// What there is to say of it.
    attributes: BTreeMap<String, Value>,
}

impl WorkspaceTraceBody {
    fn new(record: &Record, parts: &[Part]) -> Self {
        let operation = record.operation.map(Operation::span_name).filter(|name| !name.is_empty());
        let (write, search) = (record.stages.write, record.stages.search);
        Self {
            trace_id: hex(&record.trace),
            started_at: time(record.started),
            duration_ms: record.elapsed as f64 / 1e6,
            method: record.method().to_owned(),
            route: record.route().map(str::to_owned),
            operation: operation.map(str::to_owned),
            status: record.status,
            error_type: record.error.map(str::to_owned),
            queue_ms: write.map(|it| milliseconds(it.queued)),
            commit_ms: write.map(|it| milliseconds(it.commit)),
            index_wait_ms: search.map(|it| milliseconds(it.waited)),
            spans: parts.iter().map(SpanBody::from).collect(),
        }
    }
}

impl From<&Part> for SpanBody {
    fn from(part: &Part) -> Self {
        Self {
            name: part.name.clone(),
            at_ms: part.at.as_secs_f64() * 1e3,
            duration_ms: part.took.as_secs_f64() * 1e3,
            attributes: part.attributes.iter().cloned().collect(),
        }
    }
}
