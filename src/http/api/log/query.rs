//! Which log lines are asked for.

use poem_openapi::registry::MetaSchema;
use poem_openapi::types::{ParseFromParameter, ParseResult};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::Violations;
use crate::http::api::traces::{nanoseconds, trace};
use crate::http::log_cursor;
use crate::http::query_parameters::query_parameters;
use crate::http::types::{Limit, SearchParameter, Time, schema, within};
use crate::service::CursorKey;
use crate::telemetry::logs::{LogLevel, WantedLines};

/// Every level, the most important first.
const LEVELS: [LogLevel; 5] = [LogLevel::Error, LogLevel::Warn, LogLevel::Info, LogLevel::Debug, LogLevel::Trace];

query_parameters! {
    /// Filters of log lines, unchecked.
    LogQuery {
        /// At least so important: `warn` is warnings and errors.
        level: LevelText,
        /// Of a module whose path begins so, such as `ghostworks::store`.
        target: SearchParameter,
        /// With this in the message or in a field; upper and lower case are the same.
        q: SearchParameter,
        /// Written in this trace.
        trace_id: TraceText,
        /// Written at this time or later.
        since: Time,
        /// Written at this time or earlier.
        until: Time,
        /// How many at most.
        limit: Limit,
        /// Where to go on: `next_cursor` of the page before.
        cursor: String,
    }
}

/// The name of a level. It is checked by the handler, which answers 422.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct LevelText(pub String);

schema!(
    LevelText,
    "string_level",
    MetaSchema {
        enum_items: LEVELS.iter().map(|level| Value::from(level.as_str())).collect(),
        ..MetaSchema::new("string")
    }
);

impl ParseFromParameter for LevelText {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        Ok(Self(text.to_owned()))
    }
}

/// The id of a trace. It is checked by the handler, which answers 422.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct TraceText(pub String);

schema!(
    TraceText,
    "string_trace",
    MetaSchema { pattern: Some("^[0-9a-fA-F]{32}$".to_owned()), ..MetaSchema::new("string") }
);

impl ParseFromParameter for TraceText {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        Ok(Self(text.to_owned()))
    }
}

/// What is wanted, from where, and how much of it.
pub(super) struct Checked {
    pub wanted: WantedLines,
    pub after: Option<u64>,
    pub limit: usize,
}

impl LogQuery {
    /// Checks every parameter.
    pub(super) fn check(self, key: &CursorKey) -> Result<Checked, Violations> {
        Violations::check(|check| {
            let level = check.field("/level", self.level.map(|it| level(&it.0)).transpose());
            let trace = check.field("/trace_id", self.trace_id.map(|it| of_trace(&it.0)).transpose());
            let limit = check.field("/limit", within(self.limit.unwrap_or(Limit::DEFAULT).0, 1, Limit::MAX));
            let after = self.cursor.map(|text| log_cursor::place(key, &text));
            let after = check.field("/cursor", after.transpose());
            let target = check.field("/target", SearchParameter::checked(self.target));
            let text = check.field("/q", SearchParameter::checked(self.q));
            let wanted = WantedLines {
                level: level?,
                target: target?,
                text: text?,
                trace: trace?,
                since: self.since.map(nanoseconds),
                until: self.until.map(nanoseconds),
            };
            Some(Checked { wanted, after: after?, limit: limit? })
        })
    }
}

fn level(name: &str) -> Result<LogLevel, String> {
    let known = LEVELS.into_iter().find(|level| level.as_str() == name);
    known.ok_or_else(|| "must be error, warn, info, debug or trace".to_owned())
}

fn of_trace(text: &str) -> Result<[u8; 16], String> {
    trace(text).ok_or_else(|| "must be the id of a trace: 32 hexadecimal digits".to_owned())
}
