//! The stream of an HTTP/1 connection: what comes in is counted for the timer, and checked before hyper sees it; what has
//! gone out makes space for the next piece of an answer; what still comes in when hyper has ended is waited for.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf, Take};

use super::framing::Framing;
use super::head_timer::Received;
use super::lingering::Lingering;
use super::outgoing::Unsent;

/// The most bytes of one read. hyper reads into 8 KiB, and into twice as much whenever that was filled.
const READ_MAX: u64 = (8 << 10) - 1;

/// A stream whose incoming bytes are watched.
pub(super) struct Watched<S> {
    stream: Take<S>,
    received: Received,
    unsent: Unsent,
    framing: Framing,
    /// There once this side has ended in the middle of a request.
    lingering: Option<Lingering>,
}

impl<S: AsyncRead> Watched<S> {
    /// Reports every byte that comes in to `received`, and to `unsent` when everything has gone out.
    pub(super) fn new(stream: S, received: Received, unsent: Unsent) -> Self {
        Self { stream: stream.take(READ_MAX), received, unsent, framing: Framing::default(), lingering: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        self.stream.set_limit(READ_MAX);
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let bytes = &mut buffer.filled_mut()[before..];
        self.received.add(bytes.len());
        self.framing.follow(bytes);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(self.stream.get_mut()).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(self.stream.get_mut()).poll_flush(cx))?;
        // hyper flushes once it has written all it has.
        self.unsent.is_sent();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let watched = &mut *self;
        if watched.lingering.is_none() {
            ready!(Pin::new(watched.stream.get_mut()).poll_shutdown(cx))?;
            if !watched.framing.is_amid_request() {
                return Poll::Ready(Ok(()));
            }
        }
        let lingering = watched.lingering.get_or_insert_with(Lingering::start);
        lingering.poll(watched.stream.get_mut(), cx).map(Ok)
    }
}
