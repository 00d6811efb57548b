//! Which route and operation a request is for, known before it is served: for the span's name, the labels of metrics,
//! the `Allow` header, and everything that the table of operations decides. Built from the OpenAPI document, so it can't
//! miss an operation.

use std::collections::BTreeMap;
use std::sync::Arc;

use matchit::Router;
use poem::Request;
use poem::http::Method;
use serde_json::Value;

use super::pages::Pages;
use crate::operations::Operation;

/// What a route with `GET` answers to: poem serves `HEAD` along with it.
const GET: &str = "GET, HEAD";

/// A route and the methods it answers to.
pub(super) struct Route {
    /// Its pattern: `/api/v1/workspaces/{workspace_id}`.
    pub pattern: Arc<str>,
    /// Its methods, as an `Allow` header has them.
    pub allow: String,
    /// What each method asks for.
    operations: Vec<(Method, Operation)>,
    /// What each method takes.
    taken: Vec<(Method, Taken)>,
}

/// What an operation takes, besides what is in its path.
pub(super) struct Taken {
    /// The parameters of its query string.
    pub parameters: Vec<String>,
    /// Whether it has a body.
    pub body: bool,
}

impl Route {
    /// What a request with this method may have, if the document says.
    pub(super) fn taken(&self, method: &Method) -> Option<&Taken> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.taken.iter().find(|(known, _)| known == method).map(|(_, taken)| taken)
    }

    /// What a request with this method asks for; none for a method that the route does not answer to.
    pub(super) fn operation(&self, method: &Method) -> Option<Operation> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.operations.iter().find(|(known, _)| known == method).map(|(_, operation)| *operation)
    }
}

/// What a request asks for, once its route is known; none for one that has no route.
pub(super) fn operation_of(request: &Request) -> Option<Operation> {
    request.data().copied()
}

/// All routes.
pub(super) struct RouteTable(Router<Route>);

impl RouteTable {
    /// The routes of an OpenAPI document, and `pages` that are only for browsers.
    pub(super) fn new(document: &[u8], pages: &[&str]) -> Self {
        Self::with_pages(document, pages, Operation::Index)
    }

    /// The same with more pages, which have operations of their own.
    pub(super) fn and(mut self, pages: &Pages) -> Self {
        let mut by_pattern: BTreeMap<&str, Vec<(Method, Operation)>> = BTreeMap::new();
        for (pattern, method, operation) in pages.operations() {
            by_pattern.entry(pattern).or_default().push((method, operation));
        }
        for (pattern, operations) in by_pattern {
            let allow = operations.iter().map(|(method, _)| if *method == Method::GET { GET } else { method.as_str() });
            let allow = allow.collect::<Vec<_>>().join(", ");
            let route = Route { pattern: pattern.into(), allow, operations, taken: Vec::new() };
            // A pattern that conflicts with another would only lose its label.
            let _ = self.0.insert(pattern, route);
        }
        self
    }

    /// The one route of the metrics.
    pub(super) fn metrics(path: &str) -> Self {
        Self::with_pages(b"{}", &[path], Operation::Metrics)
    }

    /// No routes, where none are told from others.
    pub(super) fn none() -> Self {
        Self(Router::new())
    }

    /// The paths of an OpenAPI document that have such an operation.
    pub(super) fn paths(document: &[u8], is_such: impl Fn(Operation) -> bool) -> Vec<String> {
        let document: Value = serde_json::from_slice(document).unwrap_or_default();
        let is_such =
            |operation: &Value| operation["operationId"].as_str().and_then(Operation::by_id).is_some_and(&is_such);
        let paths = document["paths"].as_object().into_iter().flatten();
        let such = paths.filter(|(_, methods)| methods.as_object().is_some_and(|it| it.values().any(is_such)));
        such.map(|(path, _)| path.clone()).collect()
    }

    fn with_pages(document: &[u8], pages: &[&str], page: Operation) -> Self {
        let document: Value = serde_json::from_slice(document).unwrap_or_default();
        let mut router = Router::new();
        let mut add = |pattern: &str, allow: String, operations: Vec<(Method, Operation)>, taken| {
            // A pattern that conflicts with another would only lose its label.
            let _ = router.insert(pattern, Route { pattern: pattern.into(), allow, operations, taken });
        };
        for (pattern, methods) in document["paths"].as_object().into_iter().flatten() {
            let methods = || methods.as_object().into_iter().flatten();
            let allow = methods().map(|(method, _)| match method.as_str() {
                "get" => GET.to_owned(),
                method => method.to_uppercase(),
            });
            let operations = methods().filter_map(|(method, operation)| {
                let method = method.to_uppercase().parse().ok()?;
                Some((method, Operation::by_id(operation["operationId"].as_str()?)?))
            });
            let taken = methods()
                .filter_map(|(method, operation)| Some((method.to_uppercase().parse().ok()?, taken_by(operation))));
            add(pattern, allow.collect::<Vec<_>>().join(", "), operations.collect(), taken.collect());
        }
        for path in pages {
            let nothing = Taken { parameters: Vec::new(), body: false };
            add(path, GET.to_owned(), vec![(Method::GET, page)], vec![(Method::GET, nothing)]);
        }
        Self(router)
    }

    /// The route of a path, with or without a trailing slash.
    pub(super) fn find(&self, path: &str) -> Option<&Route> {
        self.0.at(without_slash(path)).ok().map(|matched| matched.value)
    }

    /// What a path has for a parameter of its route.
    pub(super) fn parameter<'p>(&self, path: &'p str, name: &str) -> Option<&'p str> {
        let matched = self.0.at(without_slash(path)).ok()?;
        matched.params.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}

/// What the document says that an operation takes.
fn taken_by(operation: &Value) -> Taken {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let in_query = parameters.filter(|parameter| parameter["in"] == "query");
    let parameters = in_query.filter_map(|parameter| parameter["name"].as_str().map(str::to_owned)).collect();
    Taken { parameters, body: operation["requestBody"].is_object() }
}

fn without_slash(path: &str) -> &str {
    if path.len() > 1 { path.strip_suffix('/').unwrap_or(path) } else { path }
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
        assert_eq!(routes.find("/things/1").map(|route| &*route.allow), Some("GET, HEAD, DELETE"));
    }

    #[test]
    fn every_operation_of_the_document_has_one_row_and_every_row_is_in_the_document() {
        let document: Value = serde_json::from_str(&crate::http::openapi_json()).unwrap();
        let paths = document["paths"].as_object().unwrap().values();
        let operations = paths.flat_map(|methods| methods.as_object().unwrap().values());
        let mut documented: Vec<&str> = operations.map(|it| it["operationId"].as_str().unwrap()).collect();
        let mut declared: Vec<&str> = Operation::ALL.iter().flat_map(|it| it.row().ids).copied().collect();
        documented.sort_unstable();
        declared.sort_unstable();
        assert_eq!(declared, documented);
    }

    #[test]
    fn probes_are_what_the_table_says() {
        let mut probes = crate::http::probes().to_vec();
        probes.sort();
        assert_eq!(probes, ["/livez", "/metrics", "/readyz"]);
    }

    #[test]
    fn a_method_of_a_route_asks_for_its_operation() {
        let routes = RouteTable::new(crate::http::openapi_json().as_bytes(), &["/docs"]);
        let operation = |method: Method, path| routes.find(path).and_then(|route| route.operation(&method));
        assert_eq!(operation(Method::POST, "/api/v1/auth/login/"), Some(Operation::AuthLogin));
        assert_eq!(operation(Method::HEAD, "/api/v1/workspaces/1/artifacts"), Some(Operation::ArtifactList));
        assert_eq!(operation(Method::GET, "/docs"), Some(Operation::Index));
        assert_eq!(operation(Method::TRACE, "/api/v1/auth/login"), None);
        assert_eq!(routes.parameter("/api/v1/workspaces/7/artifacts/", "workspace_id"), Some("7"));
        assert_eq!(routes.parameter("/api/v1/workspaces/", "workspace_id"), None);
    }
}
