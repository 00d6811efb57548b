//! How a request goes on to the layer below, or does not. What only looks at a request returns the future that it gets here, or
//! the one of the layer below: an `async fn` of its own would hold all of the request once more, and move it.

use std::future::ready;

use futures_util::future::Either;
use poem::{Endpoint, Request, Result};

use crate::http::problem::Problem;

/// Hands a request on, if it may pass.
pub(super) fn pass<E: Endpoint>(
    inner: &E,
    request: Request,
    may_pass: Result<(), Problem>,
) -> impl Future<Output = Result<E::Output>> + Send {
    match may_pass {
        Ok(()) => Either::Left(inner.call(request)),
        Err(refusal) => Either::Right(ready(Err(refusal.into()))),
    }
}
