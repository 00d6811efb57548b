//! Where futures get a box. One holds those of all layers below it, and is moved by each above it: the box is what moves.

use poem::endpoint::{BoxEndpoint, DynEndpoint};
use poem::{Endpoint, EndpointExt as _, Middleware, Request, Response, Result};

/// Puts the future of each request into a box.
pub(in crate::http) struct Boxed;

impl<E: Endpoint<Output = Response> + 'static> Middleware<E> for Boxed {
    type Output = InBoxes;

    fn transform(&self, inner: E) -> Self::Output {
        InBoxes(inner.boxed())
    }
}

pub(in crate::http) struct InBoxes(BoxEndpoint<'static>);

impl Endpoint for InBoxes {
    type Output = Response;

    /// The box as it is: poem would put it into a future that holds all of the request, twice.
    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        DynEndpoint::call(&*self.0, request)
    }
}
