//! Errors as problem documents (RFC 9457). The one place that chooses a status code.

mod answer;
mod body;
mod code;
mod from_poem;
mod from_service;

use poem::http::{HeaderValue, StatusCode};
use thiserror::Error;

pub(crate) use self::body::ProblemFacts;
use self::body::{FieldError, field_errors};
pub(in crate::http) use self::body::{PartProblem, ProblemBody};
pub(in crate::http) use self::code::Code;
use crate::domain::Violations;
use crate::service::Allowance;

/// How long a client should wait before it tries again what was too much, in seconds.
pub(in crate::http) const RETRY_AFTER_SECONDS: u32 = 1;
/// How long it should wait for someone to make room on a disk, in seconds.
const ROOM_RETRY_AFTER_SECONDS: u32 = 30;
/// How long it should wait for an operator to let it write again, in seconds.
const WRITES_RETRY_AFTER_SECONDS: u32 = 60;

/// An answer that is an error.
#[derive(Debug, Error)]
#[error("{}: {detail}", code.as_str())]
pub(crate) struct Problem {
    status: StatusCode,
    code: Code,
    detail: String,
    errors: Vec<FieldError>,
    /// The id of what was made the first time.
    made: Option<String>,
    /// For the log; never for the client.
    cause: Option<Box<str>>,
    allow: Option<Box<str>>,
    /// Seconds to wait before trying again.
    retry_after: Option<u32>,
    /// What is left of the limit that was met.
    allowance: Option<Box<Allowance>>,
    /// Raised before the request's body was read, so that a connection with more of it to come can't be used again.
    before_body: bool,
    /// Cookies to set.
    cookies: Vec<HeaderValue>,
}

impl Problem {
    fn new(status: StatusCode, code: Code, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            made: None,
            cause: None,
            allow: None,
            retry_after: (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER_SECONDS),
            allowance: None,
            before_body: false,
            cookies: Vec::new(),
        }
    }

    /// The same, raised before the request's body was read.
    pub(crate) fn before_body(self) -> Self {
        Self { before_body: true, ..self }
    }

    /// The status that it is answered with.
    pub(in crate::http) fn status(&self) -> StatusCode {
        self.status
    }

    /// Whether it is this one.
    pub(in crate::http) fn is(&self, code: Code) -> bool {
        self.code == code
    }

    /// The same, with cookies to set.
    pub(in crate::http) fn with_cookies(self, cookies: Vec<HeaderValue>) -> Self {
        Self { cookies, ..self }
    }

    /// The body is not JSON.
    pub(in crate::http) fn invalid_json(detail: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::InvalidJson, format!("The body is not valid JSON: {detail}."))
    }

    /// A path or query parameter, or a header, is not what it must be.
    fn invalid_parameter(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::InvalidParameter, detail)
    }

    /// The body breaks rules.
    pub(in crate::http) fn validation(violations: &Violations) -> Self {
        let detail = format!("Invalid input: {violations}.");
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, Code::ValidationFailed, detail);
        Self { errors: field_errors(violations), ..problem }
    }

    /// A cursor of an order whose data have changed, or of another history of the database.
    pub(in crate::http) fn cursor_expired() -> Self {
        let detail = "The cursor is of an order of names that is no more, or from before the database was restored or moved; \
                      read the list from its beginning.";
        Self::new(StatusCode::GONE, Code::CursorExpired, detail)
    }

    /// Fields or parameters that this does not have, for clients that want an error.
    pub(in crate::http) fn unknown_fields(violations: &Violations) -> Self {
        let detail = format!("Unknown, and refused because of Prefer: handling=strict: {}.", names(violations));
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, Code::UnknownField, detail);
        Self { errors: field_errors(violations), ..problem }
    }

    /// A problem of one part of a request whose other parts may have none: its status, and the rest.
    pub(in crate::http) fn into_part(self) -> (u16, PartProblem) {
        let Self { status, code, detail, errors, .. } = self;
        (status.as_u16(), PartProblem { code, detail, errors })
    }

    /// The body is larger than allowed.
    pub(in crate::http) fn payload_too_large(max_bytes: usize) -> Self {
        let detail = format!("The body must be at most {max_bytes} bytes.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, Code::PayloadTooLarge, detail).before_body()
    }

    /// What is to be imported is larger than allowed.
    pub(in crate::http) fn import_too_large(max_bytes: usize) -> Self {
        let detail = format!("An import must be at most {max_bytes} bytes; split it.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, Code::PayloadTooLarge, detail).before_body()
    }

    /// What is to be imported has more lines than allowed.
    pub(in crate::http) fn import_too_long(max_lines: usize) -> Self {
        let detail = format!("An import must be at most {max_lines} lines; split it.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, Code::PayloadTooLarge, detail).before_body()
    }

    /// The body is not declared as what it must be.
    pub(in crate::http) fn unsupported_media_type(expected: &str) -> Self {
        let detail = format!("Send the body as JSON, with Content-Type: {expected}.");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::UnsupportedMediaType, detail)
    }

    /// The body is compressed, or encoded otherwise.
    pub(in crate::http) fn unsupported_encoding() -> Self {
        let detail = "Send the body as it is, without a Content-Encoding.";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::UnsupportedMediaType, detail).before_body()
    }

    /// It does not say, or not clearly, which host it is for (RFC 9112, section 3.2).
    pub(in crate::http) fn invalid_host() -> Self {
        let detail = "An HTTP/1.1 request must have one Host header, which names a host.";
        Self::new(StatusCode::BAD_REQUEST, Code::InvalidRequest, detail).before_body()
    }

    /// The client or account holds its whole share of memory.
    pub(in crate::http) fn memory_share_spent() -> Self {
        let detail = "Your requests and their answers hold as much of the server's memory as they may; let some of them \
                      end before you send more.";
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, Code::MemoryShareSpent, detail);
        Self { retry_after: Some(RETRY_AFTER_SECONDS), ..problem }
    }

    /// Requests and answers hold all the memory there is for them.
    pub(in crate::http) fn memory_spent() -> Self {
        let detail = "Requests and their answers hold all the memory there is for them; try again shortly.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::Overloaded, detail)
    }

    /// The request is for a host that this address does not answer for.
    pub(in crate::http) fn foreign_host() -> Self {
        let detail = "This address answers for IP addresses, localhost and server.operator_hosts; use one of them.";
        Self::new(StatusCode::MISDIRECTED_REQUEST, Code::InvalidRequest, detail)
    }

    /// Something was sent over plain HTTP.
    pub(in crate::http) fn https_required(place: &str) -> Self {
        let detail = format!(
            "Send this to {place} instead. Nothing was done, but what was sent could be read on its way: if it has a password or a \
             token, change that."
        );
        Self::new(StatusCode::FORBIDDEN, Code::HttpsRequired, detail).before_body()
    }

    /// The body came too slowly.
    pub(in crate::http) fn request_timeout() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, Code::RequestTimeout, "The body did not arrive in time.").before_body()
    }

    /// No route has this path.
    pub(in crate::http) fn route_not_found() -> Self {
        let detail = "There is nothing at this path; the API's document lists what there is.";
        Self::new(StatusCode::NOT_FOUND, Code::NotFound, detail).before_body()
    }

    /// No page has this path.
    pub(crate) fn page_not_found() -> Self {
        let detail = "There is no page here, or none that you may see.";
        Self::new(StatusCode::NOT_FOUND, Code::NotFound, detail).before_body()
    }

    /// What was sent to a page is no form.
    pub(in crate::http) fn not_a_form(expected: &str) -> Self {
        let detail = format!("This is for forms alone, sent as {expected}; programs use the API.");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::UnsupportedMediaType, detail).before_body()
    }

    /// A form that did not come from a page of this server.
    pub(crate) fn foreign_form() -> Self {
        let detail = "This form did not come from a page of this server, or your session has changed since; go back, load the page \
                      again, and send it from there.";
        Self::new(StatusCode::FORBIDDEN, Code::ForeignOrigin, detail)
    }

    /// The route has other methods, listed in `allow`.
    pub(in crate::http) fn method_not_allowed(allow: String) -> Self {
        let detail = format!("This path answers to {allow}.");
        let problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, Code::MethodNotAllowed, detail);
        Self { allow: Some(allow.into()), ..problem.before_body() }
    }

    /// A write that a browser was led to make by another site.
    pub(in crate::http) fn foreign_origin() -> Self {
        let detail = "A write authenticated by a cookie must come from this site; send the token as a bearer instead.";
        Self::new(StatusCode::FORBIDDEN, Code::ForeignOrigin, detail)
    }

    /// Nothing was sent that says who asks.
    pub(in crate::http) fn authentication_required() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, Code::NotAuthenticated, "Authentication required")
    }

    /// Who scrapes the metrics has not sent the token for that.
    pub(in crate::http) fn scraper_unknown() -> Self {
        let detail = "Send the token for the metrics, as Authorization: Bearer <token>; the operator knows it.";
        Self::new(StatusCode::UNAUTHORIZED, Code::NotAuthenticated, detail)
    }

    /// Who asks for what only the operator may has not sent the token for that.
    pub(in crate::http) fn operator_unknown() -> Self {
        let detail = "Send the operator's token, as Authorization: Bearer <token>; it is server.operator_token. Or sign in with \
                      an account that may operate.";
        Self::new(StatusCode::UNAUTHORIZED, Code::NotAuthenticated, detail)
    }

    /// The header that says which requests are the same is not what it must be.
    pub(in crate::http) fn invalid_idempotency_key() -> Self {
        Self::invalid_parameter("Idempotency-Key must be sent once, with 1 to 255 visible ASCII characters.")
    }

    /// The path names a workspace by something that is no id.
    pub(in crate::http) fn invalid_workspace_id() -> Self {
        Self::invalid_parameter("The workspace's id in the path must be a UUID.")
    }

    /// The same request is being served.
    pub(in crate::http) fn idempotency_in_flight() -> Self {
        let detail = "A request with this Idempotency-Key is being served; send it again to get its answer.";
        let problem = Self::new(StatusCode::CONFLICT, Code::IdempotencyInFlight, detail);
        Self { retry_after: Some(RETRY_AFTER_SECONDS), ..problem }
    }

    /// What was asked for under an idempotency key was done, and its answer held a secret, which is not kept.
    pub(in crate::http) fn already_done(id: String) -> Self {
        let id = Some(id).filter(|id| !id.is_empty());
        let made = id.as_ref().map_or_else(String::new, |id| format!(", with the id {id}"));
        let detail = format!(
            "This was done under the same Idempotency-Key{made}. Its answer is not kept: it held a secret, or it was too \
             much. Use a new key only to do it once more."
        );
        Self { made: id, ..Self::new(StatusCode::CONFLICT, Code::AlreadyDone, detail) }
    }

    /// An operation took longer than it may.
    pub(in crate::http) fn deadline_exceeded(seconds: u64) -> Self {
        let detail = format!(
            "This took longer than {seconds} s. A write may have been carried out all the same: look, or repeat it \
             under the same Idempotency-Key."
        );
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::DeadlineExceeded, detail);
        Self { retry_after: Some(RETRY_AFTER_SECONDS), ..problem }
    }

    /// The key was used for something else.
    pub(in crate::http) fn idempotency_key_reused() -> Self {
        let detail = "This Idempotency-Key was used with another body; use a new key for a new request.";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, Code::IdempotencyKeyReused, detail)
    }

    /// The request was carried out, but nobody knows any more what was answered.
    pub(in crate::http) fn idempotency_answer_lost() -> Self {
        let detail = "The request with this Idempotency-Key was carried out, but its answer was lost, or too long to \
                      keep; look at what is there before you send it again with a new key.";
        Self::new(StatusCode::CONFLICT, Code::IdempotencyAnswerLost, detail)
    }

    /// Something that must not happen; the cause goes to the log.
    pub(in crate::http) fn internal(cause: impl std::fmt::Display) -> Self {
        let detail = "Something went wrong here. The request id leads to it in the log.";
        let problem = Self::new(StatusCode::INTERNAL_SERVER_ERROR, Code::InternalError, detail);
        Self { cause: Some(cause.to_string().into()), ..problem }
    }

    /// Whether it was raised before the request's body was read.
    pub(in crate::http) fn is_before_body(&self) -> bool {
        self.before_body
    }
}

/// The places of broken rules, one after the other.
fn names(violations: &Violations) -> String {
    let names: Vec<_> = violations.iter().map(|violation| violation.pointer.trim_start_matches('/')).collect();
    names.join(", ")
}

/// Errors travel as poem errors, up to the middleware that answers them.
impl From<Problem> for poem::Error {
    fn from(problem: Problem) -> Self {
        let status = problem.status;
        Self::new(problem, status)
    }
}
