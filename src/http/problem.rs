//! Errors as problem documents (RFC 9457). The one place that chooses a status code.

use poem::http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::Object;
use serde::Serialize;
use thiserror::Error;

use super::middleware::rate_limits;
use crate::domain::{Violation, Violations};
use crate::service::{self, Allowance};

/// How long a client should wait before it tries again what was too much, in seconds.
pub(super) const RETRY_AFTER_SECONDS: u32 = 1;
/// How long it should wait for someone to make room on a disk, in seconds.
const ROOM_RETRY_AFTER_SECONDS: u32 = 30;

/// An answer that is an error.
#[derive(Debug, Error)]
#[error("{code}: {detail}")]
pub(super) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    errors: Vec<FieldError>,
    /// For the log; never for the client.
    cause: Option<Box<str>>,
    allow: Option<Box<str>>,
    /// Seconds to wait before trying again.
    retry_after: Option<u32>,
    /// What is left of the limit that was met.
    allowance: Option<Box<Allowance>>,
    /// Raised before the request's body was read, so that a connection with more of it to come can't be used again.
    before_body: bool,
}

/// A problem document.
#[derive(Serialize, Object)]
#[oai(rename = "Problem")]
pub(super) struct ProblemBody {
    /// A URI for the kind of problem.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: String,
    /// What the status means, in words.
    title: String,
    /// The HTTP status code.
    status: u16,
    /// What went wrong, in a sentence.
    detail: String,
    /// The path that was asked for.
    instance: String,
    /// The request's id, also in `X-Request-ID`.
    request_id: String,
    /// A stable name for programs to match on.
    code: String,
    /// With status 422: every rule the input breaks. With `bulk_failed`: every operation that can't be carried out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[oai(skip_serializing_if_is_empty, default)]
    errors: Vec<FieldError>,
}

/// One broken rule.
#[derive(Clone, Debug, Serialize, Object)]
pub(super) struct FieldError {
    /// Where, as a JSON Pointer (RFC 6901) into the body.
    pointer: String,
    /// What is wrong and what is expected.
    detail: String,
}

/// What went wrong with one part of a request.
#[derive(Serialize, Object)]
pub(super) struct PartProblem {
    /// A stable name for programs to match on.
    code: String,
    /// What went wrong, in a sentence.
    detail: String,
    /// With status 422: every rule the part breaks, each with its place in the part.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[oai(skip_serializing_if_is_empty, default)]
    errors: Vec<FieldError>,
}

fn field_errors(violations: &Violations) -> Vec<FieldError> {
    let error =
        |violation: &Violation| FieldError { pointer: violation.pointer.clone(), detail: violation.detail.clone() };
    violations.iter().map(error).collect()
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            cause: None,
            allow: None,
            retry_after: (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER_SECONDS),
            allowance: None,
            before_body: false,
        }
    }

    /// The same, raised before the request's body was read.
    pub(super) fn before_body(self) -> Self {
        Self { before_body: true, ..self }
    }

    /// The body is not JSON.
    pub(super) fn invalid_json(detail: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_json", format!("The body is not valid JSON: {detail}."))
    }

    /// A path or query parameter, or a header, is not what it must be.
    fn invalid_parameter(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_parameter", detail)
    }

    /// The body breaks rules.
    pub(super) fn validation(violations: &Violations) -> Self {
        let detail = format!("Invalid input: {violations}.");
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_failed", detail);
        Self { errors: field_errors(violations), ..problem }
    }

    /// A problem of one part of a request whose other parts may have none: its status, and the rest.
    pub(super) fn into_part(self) -> (u16, PartProblem) {
        let Self { status, code, detail, errors, .. } = self;
        (status.as_u16(), PartProblem { code: code.to_owned(), detail, errors })
    }

    /// The body is larger than allowed.
    pub(super) fn payload_too_large(max_bytes: usize) -> Self {
        let detail = format!("The body must be at most {max_bytes} bytes.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", detail).before_body()
    }

    /// What is to be imported is larger than allowed.
    pub(super) fn import_too_large(max_bytes: usize) -> Self {
        let detail = format!("An import must be at most {max_bytes} bytes; split it.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", detail).before_body()
    }

    /// What is to be imported has more lines than allowed.
    pub(super) fn import_too_long(max_lines: usize) -> Self {
        let detail = format!("An import must be at most {max_lines} lines; split it.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", detail).before_body()
    }

    /// The body is not declared as what it must be.
    pub(super) fn unsupported_media_type(expected: &str) -> Self {
        let detail = format!("Send the body as JSON, with Content-Type: {expected}.");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
    }

    /// Whoever asks holds as much memory as they may.
    pub(super) fn memory_share_spent() -> Self {
        let detail = "Your requests and their answers hold as much of the server's memory as they may; let some of them \
                      end before you send more.";
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "memory_share_spent", detail);
        Self { retry_after: Some(RETRY_AFTER_SECONDS), ..problem }
    }

    /// Requests and answers hold all the memory there is for them.
    pub(super) fn memory_spent() -> Self {
        let detail = "Requests and their answers hold all the memory there is for them; try again shortly.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", detail)
    }

    /// The body came too slowly.
    pub(super) fn request_timeout() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", "The body did not arrive in time.").before_body()
    }

    /// No route has this path.
    pub(super) fn route_not_found() -> Self {
        let detail = "There is nothing at this path; the API's document lists what there is.";
        Self::new(StatusCode::NOT_FOUND, "not_found", detail).before_body()
    }

    /// The route has other methods, listed in `allow`.
    pub(super) fn method_not_allowed(allow: String) -> Self {
        let detail = format!("This path answers to {allow}.");
        let problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail);
        Self { allow: Some(allow.into()), ..problem.before_body() }
    }

    /// A write that a browser was led to make by another site.
    pub(super) fn foreign_origin() -> Self {
        let detail = "A write authenticated by a cookie must come from this site; send the token as a bearer instead.";
        Self::new(StatusCode::FORBIDDEN, "foreign_origin", detail)
    }

    /// Who scrapes the metrics has not sent the token for that.
    pub(super) fn scraper_unknown() -> Self {
        let detail = "Send the token for the metrics, as Authorization: Bearer <token>; the operator knows it.";
        Self::new(StatusCode::UNAUTHORIZED, "not_authenticated", detail)
    }

    /// Who asks for what only the operator may has not sent the token for that.
    pub(super) fn operator_unknown() -> Self {
        let detail = "Send the operator's token, as Authorization: Bearer <token>; it is server.operator_token.";
        Self::new(StatusCode::UNAUTHORIZED, "not_authenticated", detail)
    }

    /// The header that says which requests are the same is not what it must be.
    pub(super) fn invalid_idempotency_key() -> Self {
        Self::invalid_parameter("Idempotency-Key must be sent once, with 1 to 255 visible ASCII characters.")
    }

    /// The path names a workspace by something that is no id.
    pub(super) fn invalid_workspace_id() -> Self {
        Self::invalid_parameter("The workspace's id in the path must be a UUID.")
    }

    /// The same request is being served.
    pub(super) fn idempotency_in_flight() -> Self {
        let detail = "A request with this Idempotency-Key is being served; send it again to get its answer.";
        let problem = Self::new(StatusCode::CONFLICT, "idempotency_in_flight", detail);
        Self { retry_after: Some(RETRY_AFTER_SECONDS), ..problem }
    }

    /// What was asked for under an idempotency key was done, and its answer held a secret, which is not kept.
    pub(super) fn already_done(id: &str) -> Self {
        let detail = format!(
            "This was done under the same Idempotency-Key and made {id}. Its answer held a secret, which is not kept; \
             make another one under a new key if the secret is lost."
        );
        Self::new(StatusCode::CONFLICT, "already_done", detail)
    }

    /// An operation took longer than it may.
    pub(super) fn deadline_exceeded(seconds: u64) -> Self {
        let detail = format!(
            "This took longer than {seconds} s. A write may have been carried out all the same: look, or repeat it \
             under the same Idempotency-Key."
        );
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "deadline_exceeded", detail);
        Self { retry_after: Some(RETRY_AFTER_SECONDS), ..problem }
    }

    /// The key was used for something else.
    pub(super) fn idempotency_key_reused() -> Self {
        let detail = "This Idempotency-Key was used with another body; use a new key for a new request.";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail)
    }

    /// The request was carried out, but nobody knows any more what was answered.
    pub(super) fn idempotency_answer_lost() -> Self {
        let detail = "The request with this Idempotency-Key was carried out, but its answer was lost, or too long to \
                      keep; look at what is there before you send it again with a new key.";
        Self::new(StatusCode::CONFLICT, "idempotency_answer_lost", detail)
    }

    /// Something that must not happen; the cause goes to the log.
    pub(super) fn internal(cause: impl std::fmt::Display) -> Self {
        let detail = "Something went wrong here. The request id leads to it in the log.";
        let problem = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", detail);
        Self { cause: Some(cause.to_string().into()), ..problem }
    }

    /// An error that poem raised by itself: while it routed the request, or read its parameters.
    pub(super) fn from_poem(error: &poem::Error) -> Self {
        let problem = match error.status() {
            StatusCode::NOT_FOUND => Self::route_not_found(),
            status if status.is_client_error() => {
                let sentence = error.to_string();
                Self { status, ..Self::invalid_parameter(format!("{}.", sentence.trim_end_matches('.'))) }
            }
            _ => Self::internal(error),
        };
        problem.before_body()
    }

    /// Whether it was raised before the request's body was read.
    pub(super) fn is_before_body(&self) -> bool {
        self.before_body
    }

    /// The answer to a request for `instance`. Logs the cause, if there is one: this is where an error is handled.
    pub(super) fn respond(self, instance: &str, request_id: &str) -> Response {
        if let Some(cause) = &self.cause {
            tracing::error!(code = self.code, status = self.status.as_u16(), request_id, cause, "request failed");
        }
        let body = ProblemBody {
            kind: format!("urn:ghostworks:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            detail: self.detail,
            instance: instance.to_owned(),
            request_id: request_id.to_owned(),
            code: self.code.to_owned(),
            errors: self.errors,
        };
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = Response::builder().status(self.status).content_type("application/problem+json").body(body);
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(allowance) = &self.allowance {
            rate_limits::announce(allowance, headers);
        }
        if let Some(allow) = self.allow.and_then(|allow| HeaderValue::from_str(&allow).ok()) {
            headers.insert(header::ALLOW, allow);
        }
        response
    }
}

impl From<service::Error> for Problem {
    fn from(error: service::Error) -> Self {
        use service::Error;
        let sentence = |error: &Error| {
            let text = error.to_string();
            let mut chars = text.chars();
            chars.next().map(|first| first.to_uppercase().chain(chars).collect::<String>()).unwrap_or_default()
        };
        let plain = |status, code| Self::new(status, code, format!("{}.", sentence(&error)));
        match &error {
            Error::Invalid(violations) => Self::validation(violations),
            Error::NotAuthenticated => {
                let detail = "Sign in: send a valid access token, as Authorization: Bearer <token>.";
                Self::new(StatusCode::UNAUTHORIZED, "not_authenticated", detail)
            }
            Error::InvalidCredentials(_) => {
                Self::new(StatusCode::UNAUTHORIZED, "invalid_credentials", "Invalid email or password")
            }
            Error::InvalidRefreshToken(_) => plain(StatusCode::UNAUTHORIZED, "invalid_refresh_token"),
            Error::Forbidden { .. } => plain(StatusCode::FORBIDDEN, "forbidden"),
            Error::WorkspaceNotFound => plain(StatusCode::NOT_FOUND, "workspace_not_found"),
            Error::ArtifactNotFound => plain(StatusCode::NOT_FOUND, "artifact_not_found"),
            Error::UserNotFound => plain(StatusCode::NOT_FOUND, "user_not_found"),
            Error::MemberNotFound => plain(StatusCode::NOT_FOUND, "member_not_found"),
            Error::ApiKeyNotFound => plain(StatusCode::NOT_FOUND, "api_key_not_found"),
            Error::SessionNotFound => plain(StatusCode::NOT_FOUND, "session_not_found"),
            Error::ApiKeyNotAllowed => plain(StatusCode::FORBIDDEN, "api_key_not_allowed"),
            Error::MissingScope { .. } => plain(StatusCode::FORBIDDEN, "missing_scope"),
            Error::InvalidOneTimeToken => plain(StatusCode::BAD_REQUEST, "invalid_token"),
            Error::MailNotConfigured => plain(StatusCode::SERVICE_UNAVAILABLE, "mail_not_configured"),
            Error::AlreadyMember => plain(StatusCode::CONFLICT, "already_member"),
            Error::OwnMembership => plain(StatusCode::BAD_REQUEST, "own_membership"),
            Error::LastOwner => plain(StatusCode::CONFLICT, "last_owner"),
            Error::QuotaExceeded { .. } => plain(StatusCode::CONFLICT, "quota_exceeded"),
            Error::PreconditionRequired => plain(StatusCode::PRECONDITION_REQUIRED, "precondition_required"),
            Error::RateLimited(exhausted) => {
                let problem = plain(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
                let retry_after = Some(exhausted.retry_after_seconds);
                Self { retry_after, allowance: Some(exhausted.allowance.into()), ..problem }
            }
            Error::EmailTaken => plain(StatusCode::CONFLICT, "email_taken"),
            Error::SlugTaken => plain(StatusCode::CONFLICT, "slug_taken"),
            Error::VersionMismatch { .. } => plain(StatusCode::PRECONDITION_FAILED, "version_mismatch"),
            Error::BulkFailed(violations) => {
                let detail = "Nothing was written, because some operations can't be carried out.";
                let problem = Self::new(StatusCode::CONFLICT, "bulk_failed", detail);
                Self { errors: field_errors(violations), ..problem }
            }
            Error::SearchRebuilding => plain(StatusCode::SERVICE_UNAVAILABLE, "search_rebuilding"),
            Error::Overloaded => plain(StatusCode::SERVICE_UNAVAILABLE, "overloaded"),
            // The cause is in the log since the disk was found full.
            Error::StorageFull(_) => {
                let detail =
                    "The storage is full: nothing can be written until its operator makes room. Reading works.";
                let problem = Self::new(StatusCode::INSUFFICIENT_STORAGE, "storage_full", detail);
                Self { retry_after: Some(ROOM_RETRY_AFTER_SECONDS), ..problem }
            }
            Error::Unavailable(cause) => {
                let detail = "The storage is not available; try again shortly.";
                let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail);
                Self { cause: Some(cause.as_str().into()), ..problem }
            }
            Error::Damaged(damage) => {
                let detail = "What was asked for is damaged in the database; its operator finds where in the log.";
                let problem = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "damaged", detail);
                Self { cause: Some(damage.to_string().into()), ..problem }
            }
            Error::Internal(cause) => Self::internal(cause),
        }
    }
}

/// Errors travel as poem errors, up to the middleware that answers them.
impl From<Problem> for poem::Error {
    fn from(problem: Problem) -> Self {
        let status = problem.status;
        Self::new(problem, status)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.respond("", "")
    }
}
