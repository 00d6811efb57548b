//! Takes what a client still sends after it was answered, as when its body is too large: a socket closed with bytes
//! unread is reset, and the reset can reach the client before the answer does (RFC 9112, section 9.6).

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::Sleep;

/// How long a client has to notice that this side has ended, and to end too.
const PATIENCE: Duration = Duration::from_secs(5);
const PIECE: usize = 4 << 10;

/// The end of a connection, from when this side has ended.
pub(super) struct Lingering {
    deadline: Pin<Box<Sleep>>,
}

impl Lingering {
    pub(super) fn start() -> Self {
        Self { deadline: Box::pin(tokio::time::sleep(PATIENCE)) }
    }

    /// Passes over what comes in. Ready once the client has ended or failed, or has had time enough.
    pub(super) fn poll<S: AsyncRead + Unpin>(&mut self, stream: &mut S, cx: &mut Context<'_>) -> Poll<()> {
        let mut bytes = [0; PIECE];
        while self.deadline.as_mut().poll(cx).is_pending() {
            let mut piece = ReadBuf::new(&mut bytes);
            match ready!(Pin::new(&mut *stream).poll_read(cx, &mut piece)) {
                Ok(()) if !piece.filled().is_empty() => {}
                Ok(()) | Err(_) => break,
            }
        }
        Poll::Ready(())
    }
}
