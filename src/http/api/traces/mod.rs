//! What the last requests were like, as the flight recorder has it.

mod body;
mod query;
mod workspace;

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Path;

use self::body::{TraceBody, TracePageBody};
use self::query::TracesQuery;
use super::Tag;
use crate::http::json::Json;
use crate::http::operators::Operator;
use crate::http::problem::Problem;
use crate::http::refused::{INVALID, MALFORMED, NOT_FOUND, OPERATOR, Refused};
use crate::http::state::State;
use crate::http::traces_cursor;
use crate::service::Error;

pub(super) use self::body::{KeptBody, hex, time};
pub(super) use self::query::nanoseconds;
pub(crate) use self::workspace::WorkspaceTracesApi;

/// Operations on recorded requests.
pub(crate) struct TracesApi;

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::System")]
impl TracesApi {
    /// List the last requests
    ///
    /// For operators. Every error, the slowest requests of each route, and a sample of the others, newest first, as they are
    /// recorded in the memory of this server, with or without a collector; health checks and scrapes are left out. The
    /// header `traceresponse` of an answer has its `trace_id`, and a problem document a `request_id` to filter by.
    #[oai(path = "/system/traces", method = "get", operation_id = "list_traces")]
    async fn list(
        &self,
        state: Data<&Arc<State>>,
        _operator: Operator,
        query: TracesQuery,
    ) -> Result<Json<TracePageBody>, Refused<{ OPERATOR | MALFORMED | INVALID }>> {
        let key = &state.service.signatures.cursor_key;
        let asked = query.check(key).map_err(|violations| Problem::validation(&violations))?;
        let page = state.service.recorded(asked.wanted, asked.after, asked.limit).await?;
        let next_cursor = page.next.and_then(|place| traces_cursor::encode(key, place, None));
        Ok(Json(TracePageBody::new(&page, next_cursor)))
    }

    /// Get one trace
    ///
    /// For operators. An OTLP message in JSON, which Jaeger loads: all spans of the trace if they were kept, else the span
    /// of each request with what its time was spent on.
    #[oai(path = "/system/traces/:trace_id", method = "get", operation_id = "get_trace")]
    async fn get(
        &self,
        state: Data<&Arc<State>>,
        _operator: Operator,
        /// The W3C id of the trace: 32 hexadecimal digits.
        trace_id: Path<String>,
    ) -> Result<Json<TraceBody>, Refused<{ OPERATOR | NOT_FOUND }>> {
        let trace = trace(&trace_id.0).ok_or(Error::TraceNotFound)?;
        Ok(Json(TraceBody::new(&state.service.recorded_trace(trace).await?)))
    }
}

/// The bytes of a trace id.
pub(in crate::http::api) fn trace(text: &str) -> Option<[u8; 16]> {
    let is_hex = text.len() == 32 && text.bytes().all(|it| it.is_ascii_hexdigit());
    u128::from_str_radix(text, 16).ok().filter(|_| is_hex).map(u128::to_be_bytes)
}
