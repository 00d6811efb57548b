//! Headers that keep browsers and caches from doing with an answer what it is not for.

use futures_util::TryFutureExt as _;
use poem::http::{HeaderMap, HeaderName, HeaderValue, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};

use crate::http::forwarded::ClientOrigin;
use crate::http::headers::OF_AN_ANSWER;
use crate::http::routes::operation_of;
use crate::operations::Answers;

/// On every answer.
const ALWAYS: [(HeaderName, HeaderValue); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=()"),
    ),
];

/// Keeps browsers on TLS for a year, once they came by it.
const STRICT_TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// The policy of answers that are data. Pages bring their own.
const DATA_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// What an answer that is for one client depends on, besides its URL.
const DEPENDS_ON_WHO_ASKS: HeaderValue = HeaderValue::from_static("Authorization, Cookie");

/// Sets them.
pub(in crate::http) struct SecurityHeaders;

impl<E: Endpoint> Middleware<E> for SecurityHeaders {
    type Output = WithSecurityHeaders<E>;

    fn transform(&self, inner: E) -> Self::Output {
        WithSecurityHeaders(inner)
    }
}

pub(in crate::http) struct WithSecurityHeaders<E>(E);

impl<E: Endpoint> Endpoint for WithSecurityHeaders<E> {
    type Output = Response;

    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        let answers = operation_of(&request).map(|operation| operation.row().answers);
        let ClientOrigin { is_tls, .. } = ClientOrigin::of(&request);
        self.0.call(request).map_ok(move |response| {
            let mut response = response.into_response();
            protect(response.headers_mut(), is_tls);
            limit_caches(response.headers_mut(), answers);
            response
        })
    }
}

fn protect(headers: &mut HeaderMap, is_tls: bool) {
    headers.reserve(OF_AN_ANSWER.saturating_sub(headers.len()));
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(value);
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(DATA_POLICY);
    if is_tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT);
    }
}

fn limit_caches(headers: &mut HeaderMap, answers: Option<Answers>) {
    match answers {
        // Nor is what has no operation, such as a wrong path, worth storing.
        Some(Answers::Secret) | None => {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        Some(Answers::Private) => {
            // With an entity tag, asking again is cheap; without, another user of the same browser must not see it.
            headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
            headers.append(header::VARY, DEPENDS_ON_WHO_ASKS);
        }
        Some(Answers::Public) => {}
    }
}
