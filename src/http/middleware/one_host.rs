//! An HTTP/1.1 request says once which host it is for (RFC 9112, section 3.2). Of one that does not, two programs could
//! think differently.

use poem::http::uri::Authority;
use poem::http::{HeaderMap, Version, header};
use poem::{Endpoint, Middleware, Request, Result};

use crate::http::problem::Problem;

/// Refuses a request without a `Host`, or with several.
pub(in crate::http) struct OneHost;

impl<E: Endpoint> Middleware<E> for OneHost {
    type Output = WithOneHost<E>;

    fn transform(&self, inner: E) -> Self::Output {
        WithOneHost(inner)
    }
}

pub(in crate::http) struct WithOneHost<E>(E);

impl<E: Endpoint> Endpoint for WithOneHost<E> {
    type Output = E::Output;

    async fn call(&self, request: Request) -> Result<Self::Output> {
        if request.version() == Version::HTTP_11 && !has_one(request.headers()) {
            return Err(Problem::invalid_host().into());
        }
        self.0.call(request).await
    }
}

fn has_one(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next().is_some_and(|host| Authority::try_from(host.as_bytes()).is_ok());
    host && hosts.next().is_none()
}
