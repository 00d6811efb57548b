//! Refuses what two programs could read as different requests: a line that ends with a bare LF, a body that is measured
//! both by its length and in chunks, two lengths. hyper takes some of it, as RFC 9112 allows; a proxy in front may then
//! see other requests on a connection than we do, and let through what it was to keep out.
//!
//! It follows the bytes of a connection as they come in, and spoils a bad line by a NUL at its end: hyper refuses that
//! with a 400, and closes the connection.

use memchr::memchr;

/// As much of a line as is read. A longer one is refused.
const LINE_MAX: usize = 128;
/// As many digits as the size of a chunk has at most: more than these can only be zeros, and not all programs count on.
const SIZE_DIGITS_MAX: usize = 16;

/// Where in a connection's requests its bytes are.
#[derive(Default)]
pub(super) struct Framing {
    place: Awaiting,
    line: Line,
    /// How the body of the head that is coming in is measured.
    measure: Option<Measure>,
    /// Whether the head has begun: empty lines before it are passed over.
    has_begun: bool,
}

#[derive(Default)]
enum Awaiting {
    #[default]
    Head,
    /// How many bytes of a body are still to come.
    Body(u64),
    ChunkSize,
    /// How many bytes of a chunk are still to come, with the end of its line.
    Chunk(u64),
    Trailer,
    /// In what was spoiled: hyper ends the connection.
    Spoiled,
}

#[derive(Clone, Copy)]
enum Measure {
    Length(u64),
    Chunks,
}

/// The line that is coming in.
#[derive(Default)]
struct Line {
    start: Vec<u8>,
    /// Its last byte so far, which must be a CR at the end.
    last: u8,
    is_long: bool,
}

/// A line that can be read in more than one way.
struct Ambiguous;

impl Framing {
    /// Whether a request has begun to come in and not ended, or was spoiled.
    pub(super) fn is_amid_request(&self) -> bool {
        self.has_begun || !self.line.start.is_empty() || !matches!(self.place, Awaiting::Head)
    }

    /// Follows the next bytes, and spoils what is ambiguous.
    pub(super) fn follow(&mut self, bytes: &mut [u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let passed = match &mut self.place {
                Awaiting::Body(left) | Awaiting::Chunk(left) => {
                    let passed = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    *left -= passed as u64;
                    passed
                }
                Awaiting::Head | Awaiting::ChunkSize | Awaiting::Trailer => {
                    let Some(end) = memchr(b'\n', rest) else {
                        return self.line.push(rest);
                    };
                    self.line.push(&rest[..end]);
                    if self.end_line().is_err() {
                        rest[end] = 0;
                        self.place = Awaiting::Spoiled;
                    }
                    self.line.clear();
                    end + 1
                }
                Awaiting::Spoiled => return,
            };
            match self.place {
                Awaiting::Body(0) => self.place = Awaiting::Head,
                Awaiting::Chunk(0) => self.place = Awaiting::ChunkSize,
                _ => {}
            }
            rest = &mut rest[passed..];
        }
    }

    fn end_line(&mut self) -> Result<(), Ambiguous> {
        let text = self.line.text().ok_or(Ambiguous)?;
        match (&self.place, text.is_empty()) {
            (Awaiting::Head, true) if !self.has_begun => {}
            (Awaiting::Head, true) => {
                self.has_begun = false;
                self.place = match self.measure.take() {
                    Some(Measure::Length(length)) => Awaiting::Body(length),
                    Some(Measure::Chunks) => Awaiting::ChunkSize,
                    None => Awaiting::Head,
                };
            }
            (Awaiting::Head, false) => {
                self.has_begun = true;
                if let Some(measure) = measure(text, self.line.is_long)? {
                    let before = self.measure.replace(measure);
                    return if before.is_none() { Ok(()) } else { Err(Ambiguous) };
                }
            }
            (Awaiting::ChunkSize, _) => {
                self.place = match chunk_size(text).ok_or(Ambiguous)? {
                    0 => Awaiting::Trailer,
                    size => Awaiting::Chunk(size.checked_add(2).ok_or(Ambiguous)?),
                };
            }
            (Awaiting::Trailer, true) => self.place = Awaiting::Head,
            (Awaiting::Trailer | Awaiting::Body(_) | Awaiting::Chunk(_) | Awaiting::Spoiled, _) => {}
        }
        Ok(())
    }
}

impl Line {
    fn push(&mut self, piece: &[u8]) {
        let Some(last) = piece.last() else { return };
        self.last = *last;
        let room = LINE_MAX - self.start.len();
        self.is_long |= piece.len() > room;
        self.start.extend_from_slice(&piece[..piece.len().min(room)]);
    }

    /// Its text, if it ends as it must.
    fn text(&self) -> Option<&[u8]> {
        if self.last != b'\r' {
            return None;
        }
        if self.is_long { Some(&self.start) } else { self.start.strip_suffix(b"\r") }
    }

    fn clear(&mut self) {
        self.start.clear();
        (self.last, self.is_long) = (0, false);
    }
}

/// How a field of a head says that the body is measured, if it is such a field.
fn measure(line: &[u8], is_long: bool) -> Result<Option<Measure>, Ambiguous> {
    let Some(colon) = memchr(b':', line) else { return Ok(None) };
    let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
    let measure = if name.eq_ignore_ascii_case(b"content-length") {
        number(value, 10).map(Measure::Length)
    } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
        value.eq_ignore_ascii_case(b"chunked").then_some(Measure::Chunks)
    } else {
        return Ok(None);
    };
    measure.filter(|_| !is_long).map(Some).ok_or(Ambiguous)
}

fn chunk_size(line: &[u8]) -> Option<u64> {
    let size = line.split(|byte| *byte == b';').next()?;
    number(size.trim_ascii_end(), 16).filter(|_| size.len() <= SIZE_DIGITS_MAX)
}

/// A number in digits alone.
fn number(digits: &[u8], radix: u32) -> Option<u64> {
    let text = std::str::from_utf8(digits).ok().filter(|text| text.chars().all(|c| c.is_digit(radix)))?;
    u64::from_str_radix(text, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

    /// Whether it is spoiled, in pieces of every size, at the same place.
    fn is_spoiled(text: &str) -> bool {
        let followed = |size: usize| {
            let mut framing = Framing::default();
            let mut bytes = text.as_bytes().to_vec();
            bytes.chunks_mut(size).for_each(|piece| framing.follow(piece));
            bytes
        };
        let whole = followed(text.len());
        (1..text.len()).for_each(|size| assert_eq!(followed(size), whole, "{text:?} in pieces of {size}"));
        whole != text.as_bytes()
    }

    #[test]
    fn a_request_ends_with_its_body() {
        let post = |fields: &str, body: &str| format!("POST / HTTP/1.1\r\n{fields}\r\n\r\n{body}");
        for text in [
            GET.to_owned(),
            post("Content-Length: 3", "abc"),
            post("Content-Length: 0", ""),
            post("Transfer-Encoding: chunked", "3\r\nabc\r\n0\r\nX: y\r\n\r\n"),
        ] {
            let mut framing = Framing::default();
            assert!(!framing.is_amid_request());
            let mut bytes = text.into_bytes();
            let whole = bytes.len();
            for (number, byte) in bytes.chunks_mut(1).enumerate() {
                framing.follow(byte);
                assert_eq!(framing.is_amid_request(), number + 1 < whole, "after {number}");
            }
        }
    }

    #[test]
    fn what_is_clear_is_left_as_it_is() {
        let long = "x".repeat(3 * LINE_MAX);
        for text in [
            GET.repeat(3),
            format!("\r\n\r\n{GET}"),
            format!("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n\n\n\n{GET}"),
            format!("POST / HTTP/1.1\r\nCONTENT-LENGTH:0\r\n\r\n{GET}"),
            format!(
                "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=\"y\"\r\n\n\n\n\r\n0\r\nX: y\r\n\r\n{GET}"
            ),
            format!("GET /{long} HTTP/1.1\r\nX: {long}\r\n\r\n{GET}"),
            format!("GET / HTTP/1.1\r\nX-Content-Length: 7\r\nX: Transfer-Encoding: chunked\r\n\r\n{GET}"),
        ] {
            assert!(!is_spoiled(&text), "{text:?}");
        }
    }

    #[test]
    fn s45_what_is_ambiguous_is_spoiled() {
        let post = |fields: &str| format!("POST / HTTP/1.1\r\n{fields}\r\n\r\n0\r\n\r\n");
        let padded = format!("Content-Length: {}1", " ".repeat(LINE_MAX));
        for text in [
            "GET / HTTP/1.1\nHost: h\r\n\r\n".to_owned(),
            "GET / HTTP/1.1\r\nHost: h\n\r\n".to_owned(),
            "GET / HTTP/1.1\r\nHost: h\r\n\n".to_owned(),
            "\nGET / HTTP/1.1\r\n\r\n".to_owned(),
            post("Content-Length: 5\r\nTransfer-Encoding: chunked"),
            post("Transfer-Encoding: chunked\r\nContent-Length: 5"),
            post("Content-Length: 5\r\ncontent-length: 5"),
            post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
            post("Transfer-Encoding: gzip, chunked"),
            post("Transfer-Encoding: \u{b}chunked"),
            post("Content-Length: +5"),
            post("Content-Length: 5, 5"),
            post("Content-Length: "),
            post("Content-Length: 99999999999999999999"),
            post(&padded),
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\n".to_owned(),
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n".to_owned(),
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n".to_owned(),
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\n\r\n".to_owned(),
            format!(
                "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{}5\r\nabcde\r\n0\r\n\r\n",
                "0".repeat(LINE_MAX)
            ),
            format!("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{}\r\n\r\n", "0".repeat(SIZE_DIGITS_MAX + 1)),
            format!("{GET}GET / HTTP/1.1\nHost: h\r\n\r\n"),
            format!("POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n\n{GET}\n"),
        ] {
            assert!(is_spoiled(&text), "{text:?}");
        }
    }
}
