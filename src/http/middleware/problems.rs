//! Every error becomes a problem document here, panics included: nothing above this sees one.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use poem::error::MethodNotAllowedError;
use poem::http::{HeaderValue, StatusCode, Uri, Version, header};
use poem::{Endpoint, Error, IntoResponse, Middleware, Request, Response, Result};

use super::RequestId;
use crate::domain::Clock;
use crate::http::base::Base;
use crate::http::body;
use crate::http::pages::Pages;
use crate::http::problem::Problem;
use crate::http::routes::RouteTable;

/// Answers errors.
pub(in crate::http) struct Problems {
    routes: Arc<RouteTable>,
    clock: Arc<dyn Clock>,
    pages: Option<Arc<Pages>>,
}

impl Problems {
    /// Below the paths of `pages`, what is answered is a page.
    pub(in crate::http) fn new(routes: Arc<RouteTable>, clock: Arc<dyn Clock>, pages: Option<Arc<Pages>>) -> Self {
        Self { routes, clock, pages }
    }
}

impl<E: Endpoint> Middleware<E> for Problems {
    type Output = WithProblems<E>;

    fn transform(&self, inner: E) -> Self::Output {
        WithProblems { inner, routes: self.routes.clone(), clock: self.clock.clone(), pages: self.pages.clone() }
    }
}

pub(in crate::http) struct WithProblems<E> {
    inner: E,
    routes: Arc<RouteTable>,
    clock: Arc<dyn Clock>,
    pages: Option<Arc<Pages>>,
}

impl<E: Endpoint> Endpoint for WithProblems<E> {
    type Output = Response;

    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        let asked = Asked::of(&request);
        // The layers below also work before they give a future: that is done inside of this one.
        let work = async move { self.inner.call(request).await };
        // A handler owns what it works on, and the store has nothing half-done: there is no state to break.
        AssertUnwindSafe(work).catch_unwind().map(move |outcome| {
            Ok(match outcome {
                Ok(Ok(response)) => response.into_response(),
                Ok(Err(error)) => self.respond(self.problem(error, asked.uri.path()), &asked),
                Err(panic) => self.respond(Problem::internal(format!("panic: {}", message(&*panic))), &asked),
            })
        })
    }
}

/// What a problem says of the request.
struct Asked {
    uri: Uri,
    base: Option<Arc<Base>>,
    id: RequestId,
    may_be_reused: bool,
}

impl Asked {
    fn of(request: &Request) -> Self {
        let may_be_reused = request.version() != Version::HTTP_11 || !body::is_announced(request);
        Self { uri: request.uri().clone(), base: Base::of(request).cloned(), id: RequestId::of(request), may_be_reused }
    }
}

impl<E> WithProblems<E> {
    fn respond(&self, problem: Problem, asked: &Asked) -> Response {
        let path = asked.uri.path();
        let must_close = problem.is_before_body() && !asked.may_be_reused;
        let pages = self.pages.as_ref().filter(|pages| pages.covers(path));
        let instance = asked.base.as_ref().map_or_else(|| path.to_owned(), |base| base.prefixed(path));
        let mut response = problem.respond(&instance, &asked.id.0, self.clock.now(), pages.map(|pages| pages.problem));
        if must_close {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    fn problem(&self, error: Error, path: &str) -> Problem {
        let is_wrong_method = error.is::<MethodNotAllowedError>() || error.status() == StatusCode::METHOD_NOT_ALLOWED;
        match error.downcast::<Problem>() {
            Ok(problem) => problem,
            Err(_) if is_wrong_method => {
                Problem::method_not_allowed(self.routes.find(path).map(|route| route.allow.clone()).unwrap_or_default())
            }
            Err(error) => Problem::from_poem(&error, self.routes.find(path).map(|route| &*route.pattern)),
        }
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref().copied()).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use poem::EndpointExt as _;
    use poem::endpoint::make;

    use super::*;
    use crate::config::{self, Environment};
    use crate::domain::SystemClock;
    use crate::http::middleware::{RequestIds, Traced};
    use crate::telemetry::Pipeline;

    async fn works_or_panics(request: Request) -> Result<&'static str> {
        match request.uri().path() {
            "/text" => panic!("a secret of the handler"),
            "/value" => std::panic::panic_any(7),
            _ => Ok("fine"),
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn s35_a_panic_is_a_500_that_is_counted_and_no_end() {
        let config = config::Telemetry { traces_exporter: config::Exporter::None, ..Default::default() };
        let instance = uuid::Uuid::nil();
        let (pipeline, telemetry) =
            Pipeline::start(&config, Environment::Development, instance).expect("a pipeline that exports nothing");
        let routes = Arc::new(RouteTable::new(b"{}", &["/text", "/value", "/fine"]));
        let endpoint = make(works_or_panics)
            .with(Problems::new(routes.clone(), Arc::new(SystemClock), None))
            .with(Traced::new(Arc::new(telemetry), routes))
            .with(RequestIds::new(instance));
        for path in ["/text", "/value", "/text"] {
            let request = Request::builder().uri_str(path).header("x-request-id", "panicked").finish();
            let response = endpoint.get_response(request).await;
            assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(response.content_type(), Some("application/problem+json"));
            let body = response.into_body().into_string().await.expect("text");
            assert!(body.contains("\"internal_error\"") && body.contains("\"panicked\""), "{body}");
            assert!(!body.contains("secret") && !body.contains("panic:"), "{body}");
            let next = endpoint.get_response(Request::builder().uri_str("/fine").finish()).await;
            assert_eq!(next.status(), StatusCode::OK);
        }
        let metrics = pipeline.render_metrics().expect("text");
        for (path, count) in [("/text", 2), ("/value", 1)] {
            let counted = |line: &&str| {
                line.starts_with("http_requests_total") && line.contains(path) && line.contains("\"500\"")
            };
            let line = metrics.lines().find(counted).expect("it is counted");
            assert!(line.ends_with(&format!(" {count}")), "{line}");
        }
        assert!(!metrics.lines().any(|line| line.starts_with("http_requests_in_progress") && !line.ends_with(" 0")));
    }
}
