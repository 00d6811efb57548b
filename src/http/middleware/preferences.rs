//! Says which of a client's preferences were honoured (RFC 7240, section 3), in errors, too.

use std::sync::Arc;

use futures_util::TryFutureExt as _;
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};

use crate::http::routes::RouteTable;
use crate::http::{body, prefer};

/// Adds the header.
pub(in crate::http) struct Preferences {
    routes: Arc<RouteTable>,
}

impl Preferences {
    pub(in crate::http) fn new(routes: Arc<RouteTable>) -> Self {
        Self { routes }
    }
}

impl<E: Endpoint> Middleware<E> for Preferences {
    type Output = WithPreferences<E>;

    fn transform(&self, inner: E) -> Self::Output {
        WithPreferences { inner, routes: self.routes.clone() }
    }
}

pub(in crate::http) struct WithPreferences<E> {
    inner: E,
    routes: Arc<RouteTable>,
}

impl<E: Endpoint> Endpoint for WithPreferences<E> {
    type Output = Response;

    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        let is_honoured = prefer::is_strict(request.headers()) && self.is_checked(&request);
        self.inner.call(request).map_ok(move |response| {
            let mut response = response.into_response();
            if is_honoured {
                response.headers_mut().insert(prefer::APPLIED, prefer::STRICT);
            }
            response
        })
    }
}

impl<E> WithPreferences<E> {
    /// Whether all of a request is looked at: not the body of an operation that takes none, and nothing where there is no
    /// operation.
    fn is_checked(&self, request: &Request) -> bool {
        let taken = self.routes.find(request.uri().path()).and_then(|route| route.taken(request.method()));
        taken.is_some_and(|taken| taken.body || !body::is_announced(request))
    }
}
