//! Counts what requests and answers hold. An answer that there is no memory for is a problem instead; one that is the
//! same for everybody takes none.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::FutureExt as _;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use poem::http::{HeaderMap, Version};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};

use super::pass::pass;
use crate::domain::Network;
use crate::http::forwarded::ClientOrigin;
use crate::http::memory::{Holding, Memory, UNCOUNTED};

/// What an answer that is made while it is sent holds at least, in bytes.
const STREAM: usize = 1 << 20;

/// Marks an answer whose body all connections share.
#[derive(Clone)]
pub(in crate::http) struct Shared;

/// Counts.
pub(in crate::http) struct CountMemory(Arc<Memory>);

impl CountMemory {
    pub(in crate::http) fn new(memory: Arc<Memory>) -> Self {
        Self(memory)
    }
}

impl<E: Endpoint> Middleware<E> for CountMemory {
    type Output = Counting<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Counting { inner, memory: self.0.clone() }
    }
}

pub(in crate::http) struct Counting<E> {
    inner: E,
    memory: Arc<Memory>,
}

impl<E: Endpoint> Endpoint for Counting<E> {
    type Output = Response;

    fn call(&self, mut request: Request) -> impl Future<Output = Result<Response>> + Send {
        let (is_http2, is_safe) = (request.version() == Version::HTTP_2, request.method().is_safe());
        let uncounted = if is_http2 { 0 } else { UNCOUNTED };
        let holding = Holding::new(self.memory.clone(), ClientOrigin::of(&request).client.map(Network::of), uncounted);
        let head = if is_http2 { holding.take(size_of_head(request.headers())) } else { Ok(()) };
        request.set_data(holding.clone());
        pass(&self.inner, request, head)
            .map(move |answered| counted(answered?.into_response(), holding, uncounted, is_safe))
    }
}

fn size_of_head(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

/// An answer that holds the memory it takes, if that is free. What is not counted of a body is nothing over HTTP/2.
fn counted(mut response: Response, holding: Holding, uncounted: usize, is_safe: bool) -> Result<Response> {
    let is_shared = response.data::<Shared>().is_some();
    if is_shared && uncounted > 0 {
        return Ok(response);
    }
    let body: BoxBody<Bytes, io::Error> = response.take_body().into();
    let length = body.size_hint().exact();
    if length.is_some_and(|length| length <= uncounted as u64) {
        response.set_body(body);
        return Ok(response);
    }
    let bytes = length.map_or(STREAM, |length| usize::try_from(length).unwrap_or(usize::MAX));
    // What is on its way is not shared any more.
    let bytes = if is_shared { bytes.min(UNCOUNTED) } else { bytes };
    match holding.take(bytes) {
        // What was done is done, and said: there is little of that.
        Err(spent) if is_safe || length.is_none() => return Err(spent.into()),
        _ => {}
    }
    response.set_body(BoxBody::new(Counted { body, holding, is_stream: length.is_none(), excess: 0 }));
    Ok(response)
}

/// A body that holds memory until it has been sent.
struct Counted {
    body: BoxBody<Bytes, io::Error>,
    holding: Holding,
    /// Whether it is made while it is sent, so that nobody knows how much there will be.
    is_stream: bool,
    /// What its last frame took besides what it has from the start.
    excess: usize,
}

impl Body for Counted {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame
            && self.is_stream
        {
            // The frame before has left.
            let before = std::mem::take(&mut self.excess);
            self.holding.give_back(before);
            let excess = frame.data_ref().map_or(0, Bytes::len).saturating_sub(STREAM);
            if excess > 0 {
                self.holding.take(excess).map_err(io::Error::other)?;
                self.excess = excess;
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
