//! What an operation may answer besides success, as part of its signature: so that the document says of each operation
//! what it can do, and no more.

use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::Type;

use super::problem::{Problem, ProblemBody};
use crate::service;

/// A problem of an operation that documents the statuses in `STATUSES`, a sum of the constants here.
#[derive(Debug)]
pub(super) struct Refused<const STATUSES: u32>(Problem);

/// 400: malformed JSON, or a parameter that can't be read.
pub(super) const MALFORMED: u32 = 1;
/// 401: not signed in.
pub(super) const NOT_AUTHENTICATED: u32 = 1 << 1;
/// 403: not allowed.
pub(super) const FORBIDDEN: u32 = 1 << 2;
/// 404: not there, or not the caller's to see.
pub(super) const NOT_FOUND: u32 = 1 << 3;
/// 408: the body came too slowly.
pub(super) const TIMEOUT: u32 = 1 << 4;
/// 409: in conflict with what is there, or a request with the same idempotency key.
pub(super) const CONFLICT: u32 = 1 << 5;
/// 412: changed since the caller read it.
pub(super) const PRECONDITION_FAILED: u32 = 1 << 6;
/// 413: too large.
pub(super) const TOO_LARGE: u32 = 1 << 7;
/// 415: not JSON.
pub(super) const UNSUPPORTED_MEDIA_TYPE: u32 = 1 << 8;
/// 422: against the rules.
pub(super) const INVALID: u32 = 1 << 9;
/// 428: needs an `If-Match`.
pub(super) const PRECONDITION_REQUIRED: u32 = 1 << 10;
/// 429: too many requests.
pub(super) const TOO_MANY: u32 = 1 << 11;
/// 503: overloaded, shutting down, read-only, or without storage.
pub(super) const UNAVAILABLE: u32 = 1 << 12;
/// 507: without room to write.
pub(super) const FULL: u32 = 1 << 13;

/// 410: a cursor of an order that is no more, or of another history.
pub(super) const GONE: u32 = 1 << 14;

/// Every operation that asks the service.
pub(super) const SERVED: u32 = TOO_MANY | UNAVAILABLE;
/// Every operation that needs a sign-in. 403 is for API keys where they are no good, and for cookies sent by other sites.
pub(super) const SIGNED_IN: u32 = SERVED | NOT_AUTHENTICATED | FORBIDDEN;
/// Every operation that is for operators. 403 is for accounts that may not operate, API keys, and cookies sent by other sites.
pub(super) const OPERATOR: u32 = SIGNED_IN;
/// Every operation with an id in its path.
pub(super) const BY_ID: u32 = SIGNED_IN | MALFORMED | NOT_FOUND;
/// Every operation that takes an `If-Match`.
pub(super) const IF_MATCH: u32 = PRECONDITION_FAILED | PRECONDITION_REQUIRED;
/// Every operation with a body.
pub(super) const BODY: u32 = MALFORMED | TIMEOUT | TOO_LARGE | UNSUPPORTED_MEDIA_TYPE | INVALID;

/// The statuses by bit.
const DOCUMENTED: [(u16, &str); 15] = [
    (400, "Malformed JSON, or a parameter that is not what it must be"),
    (401, "Not signed in"),
    (403, "Not allowed: a member without the role this needs, or a key without the scope"),
    (404, "Not there, or not the caller's to see"),
    (408, "The body did not arrive in time"),
    (
        409,
        "In conflict with what is there or with a quota of the workspace, or the request with the same Idempotency-Key \
         has no answer to give again",
    ),
    (412, "Changed since the caller read it"),
    (413, "The body is too large"),
    (415, "The body is of another type"),
    (422, "The input breaks rules, each listed in `errors`"),
    (428, "Needs an If-Match with the artifact's entity tag"),
    (429, "Too many requests; `Retry-After` says when to try again, `RateLimit-*` how many there may be"),
    (503, "Overloaded, shutting down, read-only, or the storage is not available"),
    (507, "The storage is full: nothing can be written, but reading works"),
    (410, "The cursor is of an order that is no more, or from before a restore: read the list from its beginning"),
];

impl<const STATUSES: u32> From<Problem> for Refused<STATUSES> {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl<const STATUSES: u32> From<service::Error> for Refused<STATUSES> {
    fn from(error: service::Error) -> Self {
        Self(error.into())
    }
}

impl<const STATUSES: u32> From<Refused<STATUSES>> for poem::Error {
    fn from(refused: Refused<STATUSES>) -> Self {
        refused.0.into()
    }
}

impl<const STATUSES: u32> ApiResponse for Refused<STATUSES> {
    fn meta() -> MetaResponses {
        let documented = DOCUMENTED.into_iter().enumerate().filter(|(bit, _)| STATUSES & (1 << bit) != 0);
        let responses = documented.map(|(_, (status, description))| MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content: vec![MetaMediaType {
                content_type: "application/problem+json",
                schema: ProblemBody::schema_ref(),
            }],
            headers: vec![],
        });
        MetaResponses { responses: responses.collect() }
    }

    fn register(registry: &mut Registry) {
        ProblemBody::register(registry);
    }
}
