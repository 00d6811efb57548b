//! The server span, the HTTP metrics and the log line of every request; and which operation it asks for, for the layers
//! below.

use std::sync::Arc;

use futures_util::FutureExt as _;
use poem::http::{HeaderMap, HeaderName, HeaderValue};
use poem::{Endpoint, Error, IntoResponse, Middleware, Request, Response, Result};

use super::{RequestId, streamed};
use crate::http::forwarded::ClientOrigin;
use crate::http::routes::RouteTable;
use crate::operations::Operation;
use crate::telemetry::{RequestHead, RequestInFlight, Telemetry};

const TRACE_RESPONSE: HeaderName = HeaderName::from_static("traceresponse");

/// Traces, measures and logs.
pub(in crate::http) struct Traced {
    telemetry: Arc<Telemetry>,
    routes: Arc<RouteTable>,
}

impl Traced {
    pub(in crate::http) fn new(telemetry: Arc<Telemetry>, routes: Arc<RouteTable>) -> Self {
        Self { telemetry, routes }
    }
}

impl<E: Endpoint> Middleware<E> for Traced {
    type Output = TracedEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        TracedEndpoint { inner, telemetry: self.telemetry.clone(), routes: self.routes.clone() }
    }
}

pub(in crate::http) struct TracedEndpoint<E> {
    inner: E,
    telemetry: Arc<Telemetry>,
    routes: Arc<RouteTable>,
}

impl<E: Endpoint> Endpoint for TracedEndpoint<E> {
    type Output = Response;

    fn call(&self, mut request: Request) -> impl Future<Output = Result<Response>> + Send {
        let (operation, in_flight) = self.arrived(&request);
        if let Some(operation) = operation {
            request.set_data(operation);
        }
        in_flight.run(self.inner.call(request)).map(move |answered| {
            let mut response = answered.map_or_else(Error::into_response, IntoResponse::into_response);
            name_trace(&in_flight, response.headers_mut());
            streamed::finish(in_flight, &mut response);
            Ok(response)
        })
    }
}

impl<E> TracedEndpoint<E> {
    /// What a request asks for, and its span.
    fn arrived(&self, request: &Request) -> (Option<Operation>, RequestInFlight) {
        let route = self.routes.find(request.uri().path());
        let operation = route.and_then(|route| route.operation(request.method()));
        let (origin, RequestId(id)) = (ClientOrigin::of(request), RequestId::of(request));
        let in_flight = self.telemetry.request_arrived(&RequestHead {
            method: request.method(),
            uri: request.uri(),
            version: request.version(),
            headers: request.headers(),
            operation,
            // Labels are only for what exists; what nothing answers to shares one.
            route: operation.and(route).map(|route| &route.pattern),
            client: origin.client,
            is_from_proxy: origin.is_from_proxy,
            is_tls: origin.is_tls,
            server: request.local_addr().as_socket_addr().copied(),
            request_id: &id,
        });
        (operation, in_flight)
    }
}

/// Says by which trace what was done is found.
fn name_trace(in_flight: &RequestInFlight, headers: &mut HeaderMap) {
    if let Some(ids) = in_flight.trace_response().and_then(|ids| HeaderValue::from_str(&ids).ok()) {
        headers.insert(TRACE_RESPONSE, ids);
    }
}
