//! Operators who ask from within the process, over no connection at all.

use poem::endpoint::BoxEndpoint;
use poem::http::header::{CONTENT_TYPE, HOST};
use poem::http::uri::Scheme;
use poem::http::{self, Method, StatusCode};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Body, Endpoint, EndpointExt as _, Request, RequestParts, Response};
use serde_json::Value;

use super::operator_socket::OverOperatorSocket;

/// What answers them.
pub struct Operations(BoxEndpoint<'static, Response>);

impl Operations {
    /// The operations of a router.
    pub fn new(router: impl Endpoint<Output = Response> + 'static) -> Self {
        Self(router.boxed())
    }

    /// The status and the body of an answer; else why there is none.
    pub async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<(StatusCode, Vec<u8>), String> {
        let mut request = http::Request::builder().method(method).uri(path).header(HOST, "operator");
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let (head, ()) = request.body(()).map_err(|error| error.to_string())?.into_parts();
        let peer = RemoteAddr(Addr::custom("unix", "operator"));
        let parts = RequestParts::from((head, LocalAddr::default(), peer, Scheme::HTTP));
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let mut request = Request::from_parts(parts, body);
        request.set_data(OverOperatorSocket);
        let answer = self.0.get_response(request).await;
        let status = answer.status();
        let body = answer.into_body().into_vec().await.map_err(|error| error.to_string())?;
        Ok((status, body))
    }
}
