//! Frames of HTTP/2 (RFC 9113), by hand.

use super::server::Server;
use super::tls::{Identity, Stream};

/// Types of frames.
pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
/// How HPACK begins a head with status 200.
pub const STATUS_200: u8 = 0x88;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A frame that was received.
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

impl Frame {
    /// Whether no more comes of its stream.
    pub fn ends_stream(&self) -> bool {
        self.kind <= HEADERS && self.flags & END_STREAM != 0
    }
}

/// A frame.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Lets the server send this many bytes more.
pub fn window_update(stream: u32, bytes: u32) -> Vec<u8> {
    frame(8, 0, stream, &bytes.to_be_bytes())
}

/// A whole request.
pub fn get(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_STREAM | END_HEADERS, stream, &head(0x82, path))
}

/// A whole request with a long field, in as many frames as it takes.
pub fn get_with(stream: u32, path: &str, value: &str) -> Vec<u8> {
    let mut block = head(0x82, path);
    block.extend([0, 1, b'x', 0x7f]);
    // HPACK's integers: 127 is in the prefix, the rest in groups of seven bits.
    let mut rest = value.len() - 127;
    while rest >= 128 {
        block.push((rest % 128) as u8 | 0x80);
        rest /= 128;
    }
    block.push(rest as u8);
    block.extend(value.bytes());
    let mut pieces = block.chunks(16_000).peekable();
    let mut frames = frame(HEADERS, END_STREAM, stream, pieces.next().unwrap_or_default());
    while let Some(piece) = pieces.next() {
        frames.extend(frame(9, if pieces.peek().is_none() { END_HEADERS } else { 0 }, stream, piece));
    }
    frames
}

/// A request whose head goes on.
pub fn unfinished_get(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_STREAM, stream, &head(0x82, path))
}

/// A request whose body is to come.
pub fn post(stream: u32, path: &str) -> Vec<u8> {
    let mut block = head(0x83, path);
    // `content-type`, by its number in HPACK's table.
    block.extend([&[0x0f, 0x10, 16][..], b"application/json"].concat());
    frame(HEADERS, END_HEADERS, stream, &block)
}

fn head(method: u8, path: &str) -> Vec<u8> {
    let length = |text: &str| u8::try_from(text.len()).expect("short");
    [&[method, 0x87, 0x04, length(path)], path.as_bytes(), &[0x01, 9], b"localhost"].concat()
}

/// A connection that frames are sent on.
pub struct Frames(Stream);

impl Frames {
    /// Connects, and sends the preface with these settings.
    pub fn connect(server: &Server, identity: &Identity, settings: &[(u16, u32)]) -> Self {
        let mut stream = Stream::connect(server, identity, b"h2");
        let setting = |(name, value): &(u16, u32)| [&name.to_be_bytes()[..], &value.to_be_bytes()].concat();
        let settings: Vec<u8> = settings.iter().flat_map(setting).collect();
        stream.send([PREFACE, &frame(4, 0, 0, &settings)].concat());
        Self(stream)
    }

    /// Sends frames.
    pub fn send(&mut self, frames: &[u8]) -> &mut Self {
        self.0.send(frames);
        self
    }

    /// Sends frames, unless the server has closed the connection; whether it was still open.
    pub fn try_send(&mut self, frames: &[u8]) -> bool {
        self.0.try_send(frames)
    }

    /// The next frame of a stream; none once the connection has ended.
    pub fn next_of(&mut self, stream: u32) -> Option<Frame> {
        loop {
            let frame = self.next()?;
            if frame.stream == stream {
                return Some(frame);
            }
        }
    }

    /// The next frame of a kind; none once the connection has ended.
    pub fn next_of_kind(&mut self, kind: u8) -> Option<Frame> {
        loop {
            let frame = self.next()?;
            if frame.kind == kind {
                return Some(frame);
            }
        }
    }

    /// Reads until the server has closed the connection.
    pub fn read_to_end(&mut self) {
        while self.next().is_some() {}
    }

    fn next(&mut self) -> Option<Frame> {
        let header = self.0.read(9);
        let [a, b, c, kind, flags, stream @ ..] = header.as_slice() else { return None };
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        let stream = u32::from_be_bytes(stream.try_into().ok()?);
        Some(Frame { kind: *kind, flags: *flags, stream, payload: self.0.read(length) })
    }
}
