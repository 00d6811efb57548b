//! Says which of a client's preferences were honoured (RFC 7240, section 3), in errors, too.

use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};

use crate::http::prefer;

/// Adds the header.
pub(in crate::http) struct Preferences;

impl<E: Endpoint> Middleware<E> for Preferences {
    type Output = WithPreferences<E>;

    fn transform(&self, inner: E) -> Self::Output {
        WithPreferences(inner)
    }
}

pub(in crate::http) struct WithPreferences<E>(E);

impl<E: Endpoint> Endpoint for WithPreferences<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let is_strict = prefer::is_strict(request.headers());
        let mut response = self.0.call(request).await?.into_response();
        if is_strict {
            response.headers_mut().insert(prefer::APPLIED, prefer::STRICT);
        }
        Ok(response)
    }
}
