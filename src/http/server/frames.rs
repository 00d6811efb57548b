//! Floods of HTTP/2: frames that cost work and carry nothing, such as pings, settings, resets and pieces of heads without
//! end. hyper answers each; this counts them, and ends connections that send too many.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// The client's first bytes (RFC 9113, section 3.4).
const PREFACE: usize = 24;
const HEADER: usize = 9;

/// What may be spent at once.
const BURST: f64 = 1000.0;
/// What is given each second.
const A_SECOND: f64 = 100.0;
/// Bytes written that give one more: clients answer data with window updates.
const BYTES_FOR_ONE: f64 = 1024.0;
/// What a reset costs: a request was begun in vain.
const RESET_COST: f64 = 10.0;

/// A stream whose frames are counted as they come in.
pub(super) struct Frames<S> {
    stream: S,
    place: Awaiting,
    allowance: f64,
    since: Instant,
}

enum Awaiting {
    /// How many bytes of the preface are still to come.
    Preface(usize),
    /// How many bytes of a frame's header are there.
    Header([u8; HEADER], usize),
    /// How many bytes of a frame are still to come.
    Payload(usize),
}

impl<S> Frames<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, place: Awaiting::Preface(PREFACE), allowance: BURST, since: Instant::now() }
    }

    /// Follows the next bytes; an error once there was too much of what carries nothing.
    fn follow(&mut self, mut bytes: &[u8], now: Instant) -> io::Result<()> {
        while !bytes.is_empty() {
            let passed = match &mut self.place {
                Awaiting::Preface(left) | Awaiting::Payload(left) => {
                    let passed = (*left).min(bytes.len());
                    *left -= passed;
                    passed
                }
                Awaiting::Header(header, filled) => {
                    let passed = (HEADER - *filled).min(bytes.len());
                    header[*filled..*filled + passed].copy_from_slice(&bytes[..passed]);
                    *filled += passed;
                    passed
                }
            };
            bytes = &bytes[passed..];
            match self.place {
                Awaiting::Header(header, HEADER) => {
                    let length = u32::from_be_bytes([0, header[0], header[1], header[2]]) as usize;
                    self.spend(cost(header[3], length), now)?;
                    self.place = if length > 0 { Awaiting::Payload(length) } else { Awaiting::Header([0; HEADER], 0) };
                }
                Awaiting::Preface(0) | Awaiting::Payload(0) => self.place = Awaiting::Header([0; HEADER], 0),
                _ => {}
            }
        }
        Ok(())
    }

    fn spend(&mut self, cost: f64, now: Instant) -> io::Result<()> {
        if cost == 0.0 {
            return Ok(());
        }
        if self.allowance < cost {
            self.allowance = (self.allowance + A_SECOND * (now - self.since).as_secs_f64()).min(BURST);
            self.since = now;
        }
        self.allowance -= cost;
        if self.allowance < 0.0 {
            return Err(io::Error::other("a flood of frames that carry nothing"));
        }
        Ok(())
    }
}

/// What a frame of this type and length costs.
fn cost(kind: u8, length: usize) -> f64 {
    const DATA: u8 = 0;
    const HEADERS: u8 = 1;
    const RESET: u8 = 3;
    match kind {
        DATA if length > 0 => 0.0,
        HEADERS => 0.0,
        RESET => RESET_COST,
        _ => 1.0,
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Frames<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        Poll::Ready(self.follow(&buffer.filled()[before..], Instant::now()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Frames<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.allowance = (self.allowance + written as f64 / BYTES_FOR_ONE).min(BURST);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
        [&length[1..], &[kind, 0, 0, 0, 0, 1], payload].concat()
    }

    /// How many of these frames pass, in pieces of a size.
    fn passed(frame: &[u8], size: usize) -> usize {
        let mut frames = Frames::new(());
        let now = frames.since;
        frames.follow(&[0; PREFACE], now).expect("the preface is no frame");
        (0..10_000).take_while(|_| frame.chunks(size).all(|piece| frames.follow(piece, now).is_ok())).count()
    }

    #[test]
    fn what_carries_something_passes_and_floods_do_not() {
        for size in [1, 4, 9, 100] {
            assert_eq!(passed(&frame(1, b"a head"), size), 10_000);
            assert_eq!(passed(&frame(0, b"data"), size), 10_000);
            for empty in [frame(0, b""), frame(4, b""), frame(6, &[0; 8]), frame(9, b"x"), frame(8, &[0; 4])] {
                assert_eq!(passed(&empty, size), 1000);
            }
            assert_eq!(passed(&frame(3, &[0; 4]), size), 100);
        }
    }

    #[test]
    fn what_is_given_each_second_passes_for_ever() {
        let mut frames = Frames::new(());
        let (ping, mut now) = (frame(6, &[0; 8]), frames.since);
        frames.follow(&[0; PREFACE], now).expect("the preface is no frame");
        for _ in 0..10_000 {
            now += std::time::Duration::from_millis(11);
            frames.follow(&ping, now).expect("as many as there may be");
        }
    }
}
