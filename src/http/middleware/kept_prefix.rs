//! A proxy that serves this server at a path may take that path off before it sends requests on, or keep it.

use std::sync::Arc;

use poem::http::Uri;
use poem::http::uri::PathAndQuery;
use poem::{Endpoint, Middleware, Request, Result};

use crate::http::base::Base;
use crate::http::routes::RouteTable;

/// Takes the prefix of the [`Base`] off a path that still has it.
pub(in crate::http) struct KeptPrefix {
    routes: Arc<RouteTable>,
}

impl KeptPrefix {
    pub(in crate::http) fn new(routes: Arc<RouteTable>) -> Self {
        Self { routes }
    }
}

impl<E: Endpoint> Middleware<E> for KeptPrefix {
    type Output = WithoutKeptPrefix<E>;

    fn transform(&self, inner: E) -> Self::Output {
        WithoutKeptPrefix { inner, routes: self.routes.clone() }
    }
}

pub(in crate::http) struct WithoutKeptPrefix<E> {
    inner: E,
    routes: Arc<RouteTable>,
}

impl<E: Endpoint> Endpoint for WithoutKeptPrefix<E> {
    type Output = E::Output;

    fn call(&self, mut request: Request) -> impl Future<Output = Result<Self::Output>> + Send {
        let is_route = |path: &str| self.routes.find(path).is_some();
        let prefix = Base::prefix_of(&request);
        if let Some(uri) = without_prefix(request.uri(), prefix, is_route) {
            *request.uri_mut() = uri;
        }
        self.inner.call(request)
    }
}

/// The URI without the prefix, if there is something there and nothing with it: below the prefix `/api`, the path
/// `/api/v1/workspaces` has none to take off.
fn without_prefix(uri: &Uri, prefix: &str, is_route: impl Fn(&str) -> bool) -> Option<Uri> {
    if prefix.is_empty() {
        return None;
    }
    let rest = uri.path().strip_prefix(prefix).filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
    let path = if rest.is_empty() { "/" } else { rest };
    if is_route(uri.path()) || !is_route(path) {
        return None;
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("{path}{query}")).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_taken_off_where_it_leads_to_a_route() {
        let is_route = |path: &str| matches!(path, "/" | "/docs" | "/docs/" | "/api/v1/things");
        let without = |uri: &str, prefix: &str| {
            without_prefix(&uri.parse().expect("a URI"), prefix, is_route).map(|uri| uri.to_string())
        };
        for (uri, prefix, expected) in [
            ("/gw/docs?a=/gw/b", "/gw", "/docs?a=/gw/b"),
            ("/gw/docs/", "/gw", "/docs/"),
            ("/gw", "/gw", "/"),
            ("/gw?x", "/gw", "/?x"),
            ("/gw/", "/gw", "/"),
            ("/a/b/docs", "/a/b", "/docs"),
            ("/api/api/v1/things", "/api", "/api/v1/things"),
            ("http://example.com/gw/docs", "/gw", "http://example.com/docs"),
        ] {
            assert_eq!(without(uri, prefix).as_deref(), Some(expected), "{uri}");
        }
        for (uri, prefix) in [
            ("/docs", ""),
            ("/docs", "/gw"),
            ("/gwx/docs", "/gw"),
            ("/gw/nowhere", "/gw"),
            ("/gw/gw/docs", "/gw"),
            ("/api/v1/things", "/api"),
            ("*", "/gw"),
        ] {
            assert_eq!(without(uri, prefix), None, "{uri}");
        }
    }
}
