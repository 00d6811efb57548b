//! Cross-origin requests (the Fetch standard's CORS): which other web pages' scripts may call the API, with their
//! visitors' cookies. Only those that the operator lists; for the rest, browsers keep to the same origin.

use std::future::ready;
use std::sync::Arc;

use futures_util::TryFutureExt as _;
use futures_util::future::Either;
use poem::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};

use crate::http::state::State;

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
/// What scripts may send besides what they always may, when they don't say what they want to.
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "Accept, Accept-Language, Authorization, Cache-Control, Content-Language, Content-Type, Idempotency-Key, If-Match, \
     If-None-Match, Pragma, Prefer, X-Correlation-ID, X-Request-ID, X-Requested-With, baggage, traceparent, tracestate",
);
/// What scripts may read besides what they always may.
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static(
    "ETag, Location, X-Request-ID, X-Correlation-ID, X-Total-Count, RateLimit-Limit, RateLimit-Remaining, \
     RateLimit-Reset, Retry-After, Idempotency-Replayed, Link, Preference-Applied, traceresponse",
);
/// How long a browser may go without asking again: two hours, the most that any keeps to.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");
const ORIGIN: HeaderValue = HeaderValue::from_static("Origin");
const REQUESTED_HEADERS: HeaderValue = HeaderValue::from_static("Access-Control-Request-Headers");
const TRUE: HeaderValue = HeaderValue::from_static("true");

/// Lets the listed origins in.
pub(in crate::http) struct Cors {
    state: Arc<State>,
}

impl Cors {
    pub(in crate::http) fn new(state: Arc<State>) -> Self {
        Self { state }
    }
}

impl<E: Endpoint> Middleware<E> for Cors {
    type Output = WithCors<E>;

    fn transform(&self, inner: E) -> Self::Output {
        WithCors { inner, state: self.state.clone() }
    }
}

pub(in crate::http) struct WithCors<E> {
    inner: E,
    state: Arc<State>,
}

impl<E: Endpoint> Endpoint for WithCors<E> {
    type Output = Response;

    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        let any_is_listed = self.state.lists_origins();
        let origin = if any_is_listed { self.listed_origin(request.headers()) } else { None };
        let response = match &origin {
            Some(_) if is_preflight(&request) => Either::Left(ready(Ok(preflight(request.headers())))),
            _ => Either::Right(self.inner.call(request).map_ok(IntoResponse::into_response)),
        };
        response.map_ok(move |mut response| {
            if any_is_listed {
                admit(origin, response.headers_mut());
            }
            response
        })
    }
}

impl<E> WithCors<E> {
    /// Where a request comes from, if it may from there.
    fn listed_origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let is_listed = |origin: &&HeaderValue| self.state.is_listed_origin(origin.to_str().unwrap_or_default());
        headers.get(header::ORIGIN).filter(is_listed).cloned()
    }
}

fn admit(origin: Option<HeaderValue>, headers: &mut HeaderMap) {
    // Also for the rest, so that no cache gives one page the answer to another.
    headers.append(header::VARY, ORIGIN);
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
    }
}

/// Whether a browser asks if it may send the real request.
fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// A listed origin may send whatever it names: libraries add headers by habit, and those that we don't know change
/// nothing.
fn preflight(asked: &HeaderMap) -> Response {
    let wanted = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned().unwrap_or(REQUEST_HEADERS);
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    headers.append(header::VARY, REQUESTED_HEADERS);
    response
}
