//! What is put on every request, or changed in it, before the layers below see it.

use std::sync::Arc;

use poem::{Endpoint, Middleware, Request, Result};

/// Does this to every request.
pub(in crate::http) struct Prepare<F>(Arc<F>);

impl<F: Fn(&mut Request)> Prepare<F> {
    pub(in crate::http) fn new(change: F) -> Self {
        Self(Arc::new(change))
    }
}

impl<E: Endpoint, F: Fn(&mut Request) + Send + Sync> Middleware<E> for Prepare<F> {
    type Output = Prepared<E, F>;

    fn transform(&self, inner: E) -> Self::Output {
        Prepared { inner, change: self.0.clone() }
    }
}

pub(in crate::http) struct Prepared<E, F> {
    inner: E,
    change: Arc<F>,
}

impl<E: Endpoint, F: Fn(&mut Request) + Send + Sync> Endpoint for Prepared<E, F> {
    type Output = E::Output;

    fn call(&self, mut request: Request) -> impl Future<Output = Result<Self::Output>> + Send {
        (self.change)(&mut request);
        self.inner.call(request)
    }
}
