//! Answers on their way to a connection: in pieces, the next of which is made when the last has left, so that however
//! large an answer is, what the connection holds of it is small.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use futures_util::task::AtomicWaker;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Bytes, Frame, SizeHint};

use super::seats::Busy;
use super::turns;

/// The most bytes of an answer that a connection holds besides the answer itself.
const PIECE: usize = 16 << 10;

/// What a connection was given and has not written to its socket.
#[derive(Clone, Default)]
pub(super) struct Unsent(Arc<Pending>);

#[derive(Default)]
struct Pending {
    // Read and written by the one task that serves the connection.
    bytes: AtomicUsize,
    answer: AtomicWaker,
}

impl Unsent {
    /// Everything was written.
    pub(super) fn is_sent(&self) {
        if self.0.bytes.swap(0, Ordering::Relaxed) >= PIECE {
            self.0.answer.wake();
        }
    }

    /// Ready once there is space for another piece.
    fn poll_space(&self, cx: &Context<'_>) -> Poll<()> {
        if self.0.bytes.load(Ordering::Relaxed) < PIECE {
            return Poll::Ready(());
        }
        self.0.answer.register(cx.waker());
        Poll::Pending
    }
}

/// How an answer keeps to what its connection can take.
pub(super) enum Flow {
    /// It waits until what it gave has left.
    Http1(Unsent),
    /// HTTP/2 has its windows; the client must let them move on.
    Http2(turns::Request),
}

/// The body of an answer.
pub(super) struct OutgoingBody {
    body: BoxBody<Bytes, io::Error>,
    /// What is left of the frame that is cut into pieces.
    rest: Bytes,
    flow: Flow,
    /// Until the answer has left, the connection is at work.
    _busy: Busy,
}

impl OutgoingBody {
    pub(super) fn new(body: BoxBody<Bytes, io::Error>, mut flow: Flow, busy: Busy) -> Self {
        if let Flow::Http2(turn) = &mut flow {
            turn.set_untaken(true);
        }
        Self { body, rest: Bytes::new(), flow, _busy: busy }
    }
}

impl Body for OutgoingBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        while self.rest.is_empty() {
            let frame = Pin::new(&mut self.body).poll_frame(cx);
            if let Flow::Http2(turn) = &mut self.flow {
                turn.set_untaken(frame.is_ready());
            }
            match ready!(frame) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
            }
        }
        let length = self.rest.len().min(PIECE);
        match &mut self.flow {
            Flow::Http1(unsent) => {
                ready!(unsent.poll_space(cx));
                unsent.0.bytes.fetch_add(length, Ordering::Relaxed);
            }
            Flow::Http2(turn) => turn.set_untaken(true),
        }
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, mut hint) = (self.rest.len() as u64, self.body.size_hint());
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(hint.lower() + rest);
        hint
    }
}
