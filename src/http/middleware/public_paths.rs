//! Behind a proxy that serves this server at a path: clients are told paths as they have to ask for them.

use futures_util::TryFutureExt as _;
use poem::{Endpoint, Middleware, Request, Response, Result};

use crate::http::base::Base;

/// Puts the prefix of the [`Base`] before the paths in the headers of every answer.
pub(in crate::http) struct PublicPaths;

impl<E: Endpoint<Output = Response>> Middleware<E> for PublicPaths {
    type Output = WithPublicPaths<E>;

    fn transform(&self, inner: E) -> Self::Output {
        WithPublicPaths(inner)
    }
}

pub(in crate::http) struct WithPublicPaths<E>(E);

impl<E: Endpoint<Output = Response>> Endpoint for WithPublicPaths<E> {
    type Output = Response;

    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        let base = Base::of(&request).filter(|base| base.has_prefix()).cloned();
        self.0.call(request).map_ok(move |mut response| {
            if let Some(base) = base {
                base.add_to(response.headers_mut());
            }
            response
        })
    }
}
