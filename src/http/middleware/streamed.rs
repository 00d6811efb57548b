//! An answer that is made while it is sent: its request ends when the last of it has gone.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use poem::Response;
use poem::http::StatusCode;

use crate::telemetry::RequestInFlight;

/// Ends a request with its answer: at once when all of it is there, else with the last of its body.
pub(super) fn finish(in_flight: RequestInFlight, response: &mut Response) {
    let status = response.status();
    let body: BoxBody<Bytes, io::Error> = response.take_body().into();
    if in_flight.is_without_body() || body.size_hint().exact().is_some() {
        response.set_body(poem::Body::from(body));
        in_flight.finish(status);
    } else {
        let streamed = Streamed { body, in_flight: Some(in_flight), status };
        response.set_body(poem::Body::from(BoxBody::new(streamed)));
    }
}

/// A body of unknown length, and the request it answers until that ends.
struct Streamed {
    body: BoxBody<Bytes, io::Error>,
    in_flight: Option<RequestInFlight>,
    status: StatusCode,
}

impl Body for Streamed {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        // What is done to make it belongs to the request's trace.
        let entered = this.in_flight.as_ref().map(RequestInFlight::enter);
        let polled = Pin::new(&mut this.body).poll_frame(context);
        drop(entered);
        match &polled {
            Poll::Ready(None) => {
                if let Some(in_flight) = this.in_flight.take() {
                    in_flight.finish(this.status);
                }
            }
            Poll::Ready(Some(Err(_))) => {
                if let Some(in_flight) = this.in_flight.take() {
                    in_flight.cut(this.status, true);
                }
            }
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Streamed {
    /// One that is dropped before its end is one whose client has left.
    fn drop(&mut self) {
        if let Some(in_flight) = self.in_flight.take() {
            if self.body.is_end_stream() { in_flight.finish(self.status) } else { in_flight.cut(self.status, false) }
        }
    }
}
