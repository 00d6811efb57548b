//! The requests of a bucket, sent like every other call to another service: in a span of its own, and measured.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
};

use crate::telemetry::{CallError, Telemetry};

/// How long the service may take for one request, of which the largest has a part of a backup.
const TIMEOUT: Duration = Duration::from_secs(300);

/// Sends requests through [`Telemetry::call`].
#[derive(Clone)]
pub(super) struct Connector(Arc<Telemetry>);

impl Connector {
    /// A connector that reports its calls here.
    pub fn new(telemetry: Arc<Telemetry>) -> Self {
        Self(telemetry)
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector")
    }
}

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Connector {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (head, body) = request.into_parts();
        let body: Bytes = body.collect().await?.to_bytes();
        let answer = self.0.call(hyper::Request::from_parts(head, body), TIMEOUT).await.map_err(|error| {
            let kind = match error {
                CallError::Timeout => HttpErrorKind::Timeout,
                CallError::Connection(_) => HttpErrorKind::Connect,
            };
            HttpError::new(kind, error)
        })?;
        Ok(answer.map(|body| HttpResponseBody::new(Full::new(body).map_err(|never| match never {}))))
    }
}
