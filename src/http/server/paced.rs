//! The socket of a connection, which must take what it is sent at a least rate. A client that takes it more slowly, or not at
//! all, holds what the server keeps for them, so the connection is ended. It is reset, for what the system has not sent yet would
//! wait there for as long.

use std::io;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::http::pace::Pace;

/// A stream that is written to at a pace.
pub(super) struct Paced<S: AsFd> {
    stream: S,
    pace: Pace,
    /// Whether the client keeps a write waiting.
    is_waiting: bool,
    /// Until when something must be taken. None before the client first kept a write waiting.
    deadline: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<S: AsFd> Paced<S> {
    pub(super) fn new(stream: S, pace: Pace) -> Self {
        Self { stream, pace, is_waiting: false, deadline: None, timer: None }
    }

    fn took(&mut self, bytes: usize) {
        if let Some(deadline) = &mut self.deadline {
            *deadline = self.pace.next_deadline(*deadline, bytes, Instant::now());
        }
    }

    /// Pending for as long as the client may keep a write waiting.
    fn poll_waiting(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let deadline = *self.deadline.get_or_insert_with(|| self.pace.first_deadline(Instant::now()));
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        timer
            .as_mut()
            .poll(cx)
            .map(|()| io::Error::new(io::ErrorKind::TimedOut, "the client takes its answers too slowly"))
    }
}

impl<S: AsFd> Drop for Paced<S> {
    fn drop(&mut self) {
        if self.is_waiting {
            // What can't be reset is closed.
            let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
        }
    }
}

impl<S: AsyncRead + AsFd + Unpin> AsyncRead for Paced<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + AsFd + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.is_waiting = written.is_pending();
        match written {
            Poll::Ready(Ok(count)) => {
                self.took(count);
                Poll::Ready(Ok(count))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => self.poll_waiting(cx).map(Err),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
