//! Which recorded requests are asked for.

use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseFromParameter, ParseResult};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::domain::{TenantId, Timestamp, Violations};
use crate::http::middleware::MAX_REQUEST_ID;
use crate::http::query_parameters::query_parameters;
use crate::http::traces_cursor;
use crate::http::types::{Limit, Offset, SearchParameter, Time, at_most, schema, within};
use crate::operations::Operation;
use crate::service::CursorKey;
use crate::telemetry::recorder::{RecordKey, Wanted, wanted_attribute};

query_parameters! {
    /// Filters of recorded requests, unchecked.
    TracesQuery {
        /// On this route, written as in `route`: `/api/v1/workspaces/{workspace_id}`.
        route: SearchParameter,
        /// Asking for this operation, such as `artifact.create`.
        operation: OperationName,
        /// Answered with this status, such as `404`, or one like it: `4xx`.
        status: StatusText,
        /// The least duration, in milliseconds.
        min_duration_ms: Offset,
        /// About this workspace.
        workspace_id: Uuid,
        /// Coming at this time or later.
        since: Time,
        /// Coming at this time or earlier.
        until: Time,
        /// With this request id.
        request_id: String,
        /// With this attribute on a span of its trace, as `key:value`, such as `db.operation.name:insert`; repeated, with each
        /// of them. Only requests whose spans are all kept (`has_spans`) are found by it.
        attribute: AttributeTexts,
        /// How many at most.
        limit: Limit,
        /// Where to go on: `next_cursor` of the page before.
        cursor: String,
    }
}

query_parameters! {
    /// Filters of recorded requests in a workspace, unchecked.
    WorkspaceTracesQuery {
        /// Asking for this operation, such as `artifact.create`.
        operation: OperationName,
        /// Answered with this status, such as `404`, or one like it: `4xx`.
        status: StatusText,
        /// The least duration, in milliseconds.
        min_duration_ms: Offset,
        /// Coming at this time or later.
        since: Time,
        /// Coming at this time or earlier.
        until: Time,
        /// How many at most.
        limit: Limit,
        /// Where to go on: `next_cursor` of the page before.
        cursor: String,
    }
}

impl WorkspaceTracesQuery {
    /// Checks every parameter. What is wanted is of the workspace alone, and by callers who were allowed there.
    pub(super) fn check(self, key: &CursorKey, tenant: TenantId) -> Result<Checked, Violations> {
        let Self { operation, status, min_duration_ms, since, until, limit, cursor } = self;
        let query = TracesQuery {
            route: None,
            operation,
            status,
            min_duration_ms,
            workspace_id: Some(tenant.as_uuid()),
            since,
            until,
            request_id: None,
            attribute: None,
            limit,
            cursor,
        };
        let asked = query.check_for(key, Some(tenant))?;
        Ok(Checked { wanted: Wanted { only_authorised: true, ..asked.wanted }, ..asked })
    }
}

/// The name of an operation. It is checked by the handler, which answers 422.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct OperationName(pub String);

// A schema with a name of its own: made of the parameter's, generators' names for it meet those of their operations.
schema!(OperationName, "TracedOperation", MetaSchemaRef::Reference("TracedOperation".to_owned()), |registry| {
    registry.create_schema::<OperationName, _>("TracedOperation".to_owned(), |_| MetaSchema {
        description: Some("The name of an operation in traces."),
        enum_items: Operation::ALL.iter().filter_map(|it| named(*it)).map(Value::from).collect(),
        ..MetaSchema::new("string")
    });
});

impl ParseFromParameter for OperationName {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        Ok(Self(text.to_owned()))
    }
}

/// The name of an operation, if it has one.
fn named(operation: Operation) -> Option<&'static str> {
    let name = operation.span_name();
    (!name.is_empty()).then_some(name)
}

/// A status or all that begin alike. It is checked by the handler, which answers 422.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct StatusText(pub String);

schema!(
    StatusText,
    "string_status",
    MetaSchema { pattern: Some("^[1-5]([0-9][0-9]|xx)$".to_owned()), ..MetaSchema::new("string") }
);

impl ParseFromParameter for StatusText {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        Ok(Self(text.to_owned()))
    }
}

/// How many attributes may be asked for.
const MAX_ATTRIBUTES: usize = 10;

/// Attributes of spans. They are checked by the handler, which answers 422.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct AttributeTexts(pub Vec<String>);

schema!(
    AttributeTexts,
    "list_string_attribute",
    MetaSchema {
        items: Some(Box::new(MetaSchemaRef::Inline(Box::new(MetaSchema {
            pattern: Some("^[^:]+:".to_owned()),
            ..MetaSchema::new("string")
        })))),
        max_items: Some(MAX_ATTRIBUTES),
        ..MetaSchema::new("array")
    }
);

impl ParseFromParameter for AttributeTexts {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        Ok(Self(vec![text.to_owned()]))
    }

    fn parse_from_parameters<I: IntoIterator<Item = A>, A: AsRef<str>>(texts: I) -> ParseResult<Self> {
        Ok(Self(texts.into_iter().map(|text| text.as_ref().to_owned()).collect()))
    }
}

/// What is wanted, from where, and how much of it.
pub(super) struct Checked {
    pub wanted: Wanted,
    pub after: Option<RecordKey>,
    pub limit: usize,
}

impl TracesQuery {
    /// Checks every parameter.
    pub(super) fn check(self, key: &CursorKey) -> Result<Checked, Violations> {
        self.check_for(key, None)
    }

    /// The same, with a cursor of this workspace's list.
    fn check_for(self, key: &CursorKey, tenant: Option<TenantId>) -> Result<Checked, Violations> {
        Violations::check(|check| {
            let operation = check.field("/operation", self.operation.map(|it| operation(&it.0)).transpose());
            let status = check.field("/status", self.status.map(|it| status(&it.0)).transpose());
            let duration = self.min_duration_ms.map(|least| within(least.0, 0, Offset::MAX));
            let duration = check.field("/min_duration_ms", duration.transpose());
            let attributes = check.field("/attribute", attributes(self.attribute));
            let limit = check.field("/limit", within(self.limit.unwrap_or(Limit::DEFAULT).0, 1, Limit::MAX));
            let after = self.cursor.map(|text| traces_cursor::place(key, &text, tenant));
            let after = check.field("/cursor", after.transpose());
            let route = check.field("/route", SearchParameter::checked(self.route));
            let request_id = check.field("/request_id", at_most(self.request_id, MAX_REQUEST_ID));
            let wanted = Wanted {
                route: route?,
                operation: operation?,
                status: status?,
                at_least: duration?.map(|milliseconds| milliseconds as u64 * 1_000_000),
                tenant: self.workspace_id.map(Into::into),
                since: self.since.map(nanoseconds),
                until: self.until.map(nanoseconds),
                request_id: request_id?,
                attributes: attributes?,
                ..Wanted::default()
            };
            Some(Checked { wanted, after: after?, limit: limit? })
        })
    }
}

/// Keys and values that are wanted.
fn attributes(texts: Option<AttributeTexts>) -> Result<Vec<(String, String)>, String> {
    let texts = texts.map(|texts| texts.0).unwrap_or_default();
    if texts.len() > MAX_ATTRIBUTES {
        return Err(format!("must be {MAX_ATTRIBUTES} at most"));
    }
    let pairs = texts.iter().map(|text| wanted_attribute(text)).collect::<Option<_>>();
    pairs.ok_or_else(|| "must be key:value, such as db.operation.name:insert".to_owned())
}

fn operation(name: &str) -> Result<Operation, String> {
    let known = Operation::ALL.into_iter().find(|it| named(*it) == Some(name));
    known.ok_or_else(|| "must be the name of an operation, such as artifact.create".to_owned())
}

/// The least and the greatest status that is meant.
fn status(text: &str) -> Result<(u16, u16), String> {
    let wrong = || "must be a status, such as 404, or several, such as 4xx".to_owned();
    let (least, most) = match text.strip_suffix("xx") {
        Some(class) => (format!("{class}00"), format!("{class}99")),
        None => (text.to_owned(), text.to_owned()),
    };
    let is_status =
        least.len() == 3 && least.bytes().all(|it| it.is_ascii_digit()) && (b'1'..=b'5').contains(&least.as_bytes()[0]);
    if is_status { Ok((least.parse().map_err(|_| wrong())?, most.parse().map_err(|_| wrong())?)) } else { Err(wrong()) }
}

/// A time in nanoseconds since 1970, or as near to it as there are.
pub(in crate::http::api) fn nanoseconds(time: Time) -> u64 {
    let Time(time) = time;
    if time < Timestamp::UNIX_EPOCH { 0 } else { u64::try_from(time.as_nanosecond()).unwrap_or(u64::MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_or_a_class_of_them() {
        assert_eq!(status("404"), Ok((404, 404)));
        assert_eq!(status("5xx"), Ok((500, 599)));
        for text in ["", "xx", "4x", "40", "4044", "+40", "999", "4XX", "xxx", "é0"] {
            assert!(status(text).is_err(), "{text}");
        }
    }

    #[test]
    fn operations_are_known_by_the_names_of_their_spans() {
        assert_eq!(operation("artifact.create"), Ok(Operation::ArtifactCreate));
        assert!(operation("").is_err() && operation("artifact.creat").is_err());
    }

    #[test]
    fn times_before_1970_are_the_beginning() {
        assert_eq!(nanoseconds(Time(Timestamp::MIN)), 0);
        assert_eq!(nanoseconds(Time(Timestamp::MAX)), u64::MAX);
        assert_eq!(nanoseconds(Time(Timestamp::from_microsecond(5).expect("a time"))), 5000);
    }
}
