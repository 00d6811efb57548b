//! Which route a path belongs to, known before the request is served: for the span's name, the labels of metrics, and
//! the `Allow` header. Built from the OpenAPI document, so it can't miss an operation.

use std::sync::Arc;

use matchit::Router;
use serde_json::Value;

/// What a route with `GET` answers to: poem serves `HEAD` along with it.
const GET: &str = "GET, HEAD";

/// A route and the methods it answers to.
pub(super) struct Route {
    /// Its pattern: `/api/v1/workspaces/{workspace_id}`.
    pub pattern: Arc<str>,
    /// Its methods, as an `Allow` header has them.
    pub allow: String,
}

/// All routes.
pub(super) struct RouteTable(Router<Route>);

impl RouteTable {
    /// The routes of an OpenAPI document, and `pages` that are only for browsers.
    pub(super) fn new(document: &[u8], pages: &[&str]) -> Self {
        let document: Value = serde_json::from_slice(document).unwrap_or_default();
        let mut router = Router::new();
        let mut add = |pattern: &str, allow: String| {
            // A pattern that conflicts with another would only lose its label.
            let _ = router.insert(pattern, Route { pattern: pattern.into(), allow });
        };
        for (pattern, operations) in document["paths"].as_object().into_iter().flatten() {
            let methods = operations.as_object().into_iter().flatten().map(|(method, _)| match method.as_str() {
                "get" => GET.to_owned(),
                method => method.to_uppercase(),
            });
            add(pattern, methods.collect::<Vec<_>>().join(", "));
        }
        for page in pages {
            add(page, GET.to_owned());
        }
        Self(router)
    }

    /// The route of a path, with or without a trailing slash.
    pub(super) fn find(&self, path: &str) -> Option<&Route> {
        let path = if path.len() > 1 { path.strip_suffix('/').unwrap_or(path) } else { path };
        self.0.at(path).ok().map(|matched| matched.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_the_route_the_document_says() {
        let document = br#"{"paths": {"/": {"get": {}}, "/things/{id}": {"get": {}, "delete": {}}}}"#;
        let routes = RouteTable::new(document, &["/docs"]);
        let pattern = |path| routes.find(path).map(|route| route.pattern.to_string());
        assert_eq!(pattern("/"), Some("/".to_owned()));
        assert_eq!(pattern("/things/1/"), Some("/things/{id}".to_owned()));
        assert_eq!(pattern("/docs"), Some("/docs".to_owned()));
        assert_eq!(pattern("/things/1/2"), None);
        assert_eq!(routes.find("/things/1").map(|route| &*route.allow), Some("DELETE, GET, HEAD"));
    }
}
