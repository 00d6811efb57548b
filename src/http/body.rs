//! The body of a request, within its limits: of size, of time and of the memory that there is for all.

use futures_util::{Stream, StreamExt as _};
use hyper::body::Bytes;
use poem::http::header;
use poem::{Request, RequestBody};
use tokio::time::{Instant, timeout_at};

use super::memory::Holding;
use super::pace::Pace;
use super::problem::Problem;
use super::state::State;

/// The largest body of somebody who is not signed in, in bytes.
const STRANGERS_MAX: usize = 64 << 10;
/// What is taken at a time for a body of unknown length, in bytes.
const STEP: usize = 64 << 10;

/// A body that comes in.
pub(super) struct Reader<S> {
    pieces: S,
    holding: Holding,
    /// The length that was announced, which is held from the start.
    announced: Option<usize>,
    max_bytes: usize,
    too_large: fn(usize) -> Problem,
    received: usize,
    pace: Pace,
    /// When it must be there.
    end: Instant,
    /// When the next piece must be there.
    deadline: Instant,
}

/// Whether a request has a body. hyper closes a connection on which one was left unread, so the client must know.
pub(super) fn is_announced(request: &Request) -> bool {
    let length = request.headers().get(header::CONTENT_LENGTH);
    length.is_some_and(|length| length != "0") || request.headers().contains_key(header::TRANSFER_ENCODING)
}

/// Begins to read a body of at most `max_bytes`; `too_large` says what is wrong with a larger one.
pub(super) fn open(
    request: &Request,
    body: &mut RequestBody,
    max_bytes: usize,
    too_large: fn(usize) -> Problem,
) -> Result<Reader<impl Stream<Item = std::io::Result<Bytes>> + Unpin + use<>>, Problem> {
    check_encoding(request)?;
    let (state, holding) = (State::of(request)?, Holding::of(request)?.clone());
    let max_bytes = if holding.is_strangers() { max_bytes.min(STRANGERS_MAX) } else { max_bytes };
    let announced = request.header(header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    let announced = announced.map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    if let Some(length) = announced {
        if length > max_bytes {
            return Err(too_large(max_bytes));
        }
        holding.take_body(length).map_err(Problem::before_body)?;
    }
    let pieces = body.take().map_err(|_| Problem::invalid_json("the body is missing"))?.into_bytes_stream();
    let timeout = state.body_timeout();
    let pace = Pace::new(state.server.least_bytes_per_second, timeout);
    let now = Instant::now();
    let (end, deadline) = (now + timeout, pace.first_deadline(now));
    Ok(Reader { pieces, holding, announced, max_bytes, too_large, received: 0, pace, end, deadline })
}

/// Bodies are taken as they are: one that is compressed would be taken for bad JSON.
fn check_encoding(request: &Request) -> Result<(), Problem> {
    let mut encodings = request.headers().get_all(header::CONTENT_ENCODING).iter();
    let is_plain = encodings.all(|encoding| encoding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity"));
    if is_plain { Ok(()) } else { Err(Problem::unsupported_encoding()) }
}

impl<S: Stream<Item = std::io::Result<Bytes>> + Unpin> Reader<S> {
    /// The next piece; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        if self.announced.is_none() {
            self.holding.take_body(self.received.next_multiple_of(STEP)).map_err(Problem::before_body)?;
        }
        let piece = timeout_at(self.deadline.min(self.end), self.pieces.next()).await;
        let Some(piece) = piece.map_err(|_| Problem::request_timeout())? else { return Ok(None) };
        let piece = piece.map_err(|_| Problem::invalid_json("the body ended early"))?;
        self.received += piece.len();
        if self.received > self.max_bytes {
            return Err((self.too_large)(self.max_bytes));
        }
        self.deadline = self.pace.next_deadline(self.deadline, piece.len(), Instant::now());
        Ok(Some(piece))
    }

    /// All of it, in one piece.
    pub(super) async fn read_all(mut self) -> Result<Bytes, Problem> {
        let Some(first) = self.next().await? else { return Ok(Bytes::new()) };
        if self.announced == Some(first.len()) {
            return Ok(first);
        }
        let mut all = Vec::with_capacity(self.announced.unwrap_or(first.len()));
        all.extend_from_slice(&first);
        while let Some(piece) = self.next().await? {
            all.extend_from_slice(&piece);
        }
        Ok(all.into())
    }
}
