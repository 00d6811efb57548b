//! What a problem document has, and what a page says of a problem.

use poem::http::StatusCode;
use poem_openapi::Object;
use serde::Serialize;

use super::Code;
use crate::domain::{Violation, Violations};
use crate::http::types::Time;

/// What a page says of an error.
pub(crate) struct ProblemFacts {
    /// The status of the answer.
    pub status: StatusCode,
    /// What went wrong, in a sentence.
    pub detail: String,
    /// What is wrong with each part of the input.
    pub errors: Vec<String>,
    /// The request's id.
    pub request_id: String,
    /// Seconds to wait before trying again.
    pub retry_after: Option<u32>,
    /// Its trace.
    pub trace: Option<[u8; 16]>,
}

/// A problem document.
#[derive(Serialize, Object)]
#[oai(rename = "Problem")]
pub(in crate::http) struct ProblemBody {
    /// A URI for the kind of problem.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    pub(super) kind: String,
    /// What the status means, in words.
    pub(super) title: String,
    /// The HTTP status code.
    pub(super) status: u16,
    /// What went wrong, in a sentence.
    pub(super) detail: String,
    /// The path that was asked for.
    pub(super) instance: String,
    /// The request's id, also in `X-Request-ID`.
    pub(super) request_id: String,
    /// What went wrong, for programs.
    pub(super) code: Code,
    /// With status 422: every rule the input breaks. With `bulk_failed`: every operation that can't be carried out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[oai(skip_serializing_if_is_empty, default)]
    pub(super) errors: Vec<FieldError>,
    /// With `already_done`: the id of what was made, if anything was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub(super) id: Option<String>,
    /// The same as `code`, as clients of the older service know it.
    pub(super) error: String,
    /// The same as `detail`, for clients of the older service.
    pub(super) message: String,
    /// When it went wrong.
    pub(super) timestamp: Time,
    /// Seconds to wait before trying again, when that is known; also in `Retry-After`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub(super) retry_after: Option<u32>,
}

/// One broken rule.
#[derive(Clone, Debug, Serialize, Object)]
pub(in crate::http) struct FieldError {
    /// Where, as a JSON Pointer (RFC 6901) into the body.
    pointer: String,
    /// What is wrong and what is expected.
    pub(super) detail: String,
}

/// What went wrong with one part of a request.
#[derive(Serialize, Object)]
pub(in crate::http) struct PartProblem {
    /// What went wrong, for programs.
    pub(super) code: Code,
    /// What went wrong, in a sentence.
    pub(super) detail: String,
    /// With status 422: every rule the part breaks, each with its place in the part.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[oai(skip_serializing_if_is_empty, default)]
    pub(super) errors: Vec<FieldError>,
}

pub(super) fn field_errors(violations: &Violations) -> Vec<FieldError> {
    let error =
        |violation: &Violation| FieldError { pointer: violation.pointer.clone(), detail: violation.detail.clone() };
    violations.iter().map(error).collect()
}
