//! Operators who ask from within the process, over no connection at all.

use std::io;

use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Bytes;
use poem::endpoint::BoxEndpoint;
use poem::http::header::{CONTENT_TYPE, HOST};
use poem::http::uri::Scheme;
use poem::http::{self, Method};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Body, Endpoint, EndpointExt as _, Request, RequestParts, Response};

use super::operator_socket::OverOperatorSocket;

/// The body of an answer, as it comes.
pub type BoxBody = UnsyncBoxBody<Bytes, io::Error>;

/// What answers them.
pub struct Operations(BoxEndpoint<'static, Response>);

impl Operations {
    /// The operations of a router.
    pub fn new(router: impl Endpoint<Output = Response> + 'static) -> Self {
        Self(router.boxed())
    }

    /// An answer to a request with a body of some type, if it has one; else why there is none.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<(&'static str, Bytes)>,
    ) -> Result<hyper::Response<BoxBody>, String> {
        let mut request = http::Request::builder().method(method).uri(path).header(HOST, "operator");
        if let Some((content_type, _)) = &body {
            request = request.header(CONTENT_TYPE, *content_type);
        }
        let (head, ()) = request.body(()).map_err(|error| error.to_string())?.into_parts();
        let peer = RemoteAddr(Addr::custom("unix", "operator"));
        let parts = RequestParts::from((head, LocalAddr::default(), peer, Scheme::HTTP));
        let body = body.map_or_else(Body::empty, |(_, bytes)| Body::from(bytes));
        let mut request = Request::from_parts(parts, body);
        request.set_data(OverOperatorSocket);
        let answer = hyper::Response::from(self.0.get_response(request).await);
        Ok(answer.map(|body| body.map_err(io::Error::other).boxed_unsync()))
    }
}
