//! The newest log lines, for operators.

mod query;

use std::collections::BTreeMap;
use std::sync::Arc;

use poem::web::Data;
use poem_openapi::{Object, OpenApi};
use serde::Serialize;
use serde_json::Value;

use self::query::LogQuery;
use super::Tag;
use super::traces::{KeptBody, hex, time};
use crate::domain::push_hex;
use crate::http::json::Json;
use crate::http::log_cursor;
use crate::http::operators::Operator;
use crate::http::problem::Problem;
use crate::http::refused::{INVALID, MALFORMED, OPERATOR, Refused};
use crate::http::state::State;
use crate::http::types::{LevelName, Time};
use crate::telemetry::logs::{FoundLines, Line};

/// The operation at `/api/v1/system/log`.
pub(crate) struct LogApi;

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::System")]
impl LogApi {
    /// List the newest log lines
    ///
    /// For operators. What this server wrote to its log of late, newest first, as it is kept in memory: warnings and errors
    /// apart from the rest, so that they stay when there is much else. Lines that are not written at the current level of the
    /// log are not here either.
    #[oai(path = "/system/log", method = "get", operation_id = "list_log")]
    async fn list(
        &self,
        state: Data<&Arc<State>>,
        _operator: Operator,
        query: LogQuery,
    ) -> Result<Json<LogPageBody>, Refused<{ OPERATOR | MALFORMED | INVALID }>> {
        let key = &state.service.signatures.cursor_key;
        let asked = query.check(key).map_err(|violations| Problem::validation(&violations))?;
        let found = state.service.log_lines(asked.wanted, asked.after, asked.limit).await?;
        let next = found.as_ref().and_then(|found| found.next);
        let next_cursor = next.and_then(|place| log_cursor::encode(key, place));
        Ok(Json(LogPageBody::new(found.as_ref(), next_cursor)))
    }
}

/// A page of log lines.
#[derive(Serialize, Object)]
#[oai(rename = "LogPage")]
struct LogPageBody {
    /// The lines, newest first.
    items: Vec<LineBody>,
    /// The cursor of the next page, if there is one.
    #[oai(nullable)]
    next_cursor: Option<String>,
    /// What is kept in all, and what no longer is; null when no lines are kept.
    #[oai(nullable)]
    log: Option<LogBody>,
}

/// A log line.
#[derive(Serialize, Object)]
#[oai(rename = "LogLine")]
struct LineBody {
    /// When it was written.
    timestamp: Time,
    /// How important it is.
    level: LevelName,
    /// The module it is of.
    target: String,
    /// What it says.
    message: String,
    /// The trace it was written in; null without one.
    #[oai(nullable)]
    trace_id: Option<String>,
    /// The span that was open.
    #[oai(nullable)]
    span_id: Option<String>,
    /// What there is to say besides.
    fields: BTreeMap<String, Value>,
}

/// What is kept of the log, and what no longer is.
#[derive(Serialize, Object)]
#[oai(rename = "Log")]
struct LogBody {
    /// Since when lines are kept.
    since: Time,
    /// Warnings and errors.
    important: KeptBody,
    /// All other lines.
    others: KeptBody,
}

impl LogPageBody {
    fn new(found: Option<&FoundLines>, next_cursor: Option<String>) -> Self {
        let items = found.map(|found| found.lines.iter().map(LineBody::from).collect()).unwrap_or_default();
        let log = found.map(|found| LogBody {
            since: time(found.since),
            important: KeptBody::new(found.important, found.since),
            others: KeptBody::new(found.others, found.since),
        });
        Self { items, next_cursor, log }
    }
}

impl From<&Line> for LineBody {
    fn from(line: &Line) -> Self {
        let span_id = line.span.map(|(_, span)| {
            let mut text = String::with_capacity(16);
            push_hex(&mut text, &span);
            text
        });
        Self {
            timestamp: time(line.at),
            level: line.level.into(),
            target: line.target.to_owned(),
            message: line.message.to_string(),
            trace_id: line.span.map(|(trace, _)| hex(&trace)),
            span_id,
            fields: line.fields().into_iter().collect(),
        }
    }
}
