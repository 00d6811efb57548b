//! The stream of a connection: what comes in is counted for the timer, and checked before hyper sees it; what still
//! comes in when hyper has ended is waited for.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::framing::Framing;
use super::head_timer::Received;
use super::lingering::Lingering;

/// A stream whose incoming bytes are watched.
pub(super) struct Watched<S> {
    stream: S,
    received: Received,
    framing: Framing,
    /// There once this side has ended in the middle of a request.
    lingering: Option<Lingering>,
}

impl<S> Watched<S> {
    /// Tells `received` of every byte.
    pub(super) fn new(stream: S, received: Received) -> Self {
        Self { stream, received, framing: Framing::default(), lingering: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let bytes = &mut buffer.filled_mut()[before..];
        self.received.add(bytes.len());
        self.framing.follow(bytes);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let watched = &mut *self;
        if watched.lingering.is_none() {
            ready!(Pin::new(&mut watched.stream).poll_shutdown(cx))?;
            if !watched.framing.is_amid_request() {
                return Poll::Ready(Ok(()));
            }
        }
        let lingering = watched.lingering.get_or_insert_with(Lingering::start);
        lingering.poll(&mut watched.stream, cx).map(Ok)
    }
}
