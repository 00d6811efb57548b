//! A name for every request: the caller's, if it is a sane one, else ours.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::TryFutureExt as _;
use poem::http::{HeaderMap, HeaderName, HeaderValue};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};
use uuid::Uuid;

use crate::domain::push_hex;
use crate::http::headers;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

/// The longest id of a caller's, in characters.
pub(in crate::http) const MAX_REQUEST_ID: usize = 128;

/// The id of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::http) struct RequestId(pub Arc<str>);

impl RequestId {
    /// The id that was given to a request.
    pub(in crate::http) fn of(request: &Request) -> Self {
        request.data::<Self>().cloned().unwrap_or_else(|| Self("unknown".into()))
    }
}

/// Gives every request an id and every answer that id.
pub(in crate::http) struct RequestIds {
    prefix: Uuid,
}

impl RequestIds {
    /// Ids that begin with `prefix`, which distinguishes this process from others.
    pub(in crate::http) fn new(prefix: Uuid) -> Self {
        Self { prefix }
    }
}

impl<E: Endpoint> Middleware<E> for RequestIds {
    type Output = WithRequestId<E>;

    fn transform(&self, inner: E) -> Self::Output {
        // The process's own id and a number: unique, without asking the system for randomness each time.
        let process = self.prefix.simple().to_string()[16..].to_owned() + "-";
        WithRequestId { inner, process, next: AtomicU64::new(1) }
    }
}

pub(in crate::http) struct WithRequestId<E> {
    inner: E,
    process: String,
    next: AtomicU64,
}

impl<E> WithRequestId<E> {
    fn next_id(&self) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let mut id = String::with_capacity(self.process.len() + 2 * number.len());
        id.push_str(&self.process);
        push_hex(&mut id, &number);
        id
    }
}

impl<E: Endpoint> Endpoint for WithRequestId<E> {
    type Output = Response;

    fn call(&self, mut request: Request) -> impl Future<Output = Result<Response>> + Send {
        let id: Arc<str> = match sane_id(&request) {
            Some(id) => id.into(),
            None => self.next_id().into(),
        };
        request.set_data(RequestId(id.clone()));
        self.inner.call(request).map_ok(move |response| {
            let mut response = response.into_response();
            name(&id, response.headers_mut());
            response
        })
    }
}

/// Writes the id of a request into the headers of its answer.
fn name(id: &str, headers: &mut HeaderMap) {
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, value.clone());
        headers.insert(CORRELATION_ID, value);
    }
}

/// What callers may choose: up to 128 letters, digits, `-`, `_` and `.`, which are harmless in any log.
fn sane_id(request: &Request) -> Option<&str> {
    let id = headers::text(request, REQUEST_ID)?;
    let is_sane = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    ((1..=MAX_REQUEST_ID).contains(&id.len()) && id.bytes().all(is_sane)).then_some(id)
}
