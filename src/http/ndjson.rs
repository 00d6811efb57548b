//! NDJSON, one value a line: read as it comes in, sent as it is made, so that neither is in memory as a whole.

use std::io;
use std::marker::PhantomData;

use futures_util::Stream;
use hyper::body::Bytes;
use memchr::memmem;
use poem::{Body, IntoResponse, Request, RequestBody, Response};
use poem_openapi::payload::Payload;
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::body;
use super::json::{self, essence};
use super::prefer;
use super::problem::Problem;
use super::state::State;
use crate::domain::{Violation, Violations};
use crate::offload::offload;

const CONTENT_TYPE: &str = "application/x-ndjson";
/// What NDJSON is also sent as; bytes, by clients that generators made.
const ALSO_TAKEN: [&str; 4] =
    ["application/ndjson", "application/jsonl", "application/json", "application/octet-stream"];
/// The most lines of a body that hold something.
const MAX_LINES: usize = 10_000;
/// Once this many unknown fields were found, the lines after are not checked for more.
const MAX_UNKNOWN: usize = 20;

/// How many bytes are read off the runtime's threads, which takes a millisecond or so; less is read where it comes in.
const READ_AT_ONCE: usize = 64 << 10;

/// What an export has in the place of an artifact that can't be read, as the one field of the line.
pub(super) const DAMAGED: &str = "_damaged";

/// A field of each artifact in an export, which nobody writes for a new one.
const EXPORTED: &[u8] = b"\"tenant_id\"";

/// A body with a `T` in each line. Blank lines are passed over.
pub(super) struct Ndjson<T> {
    pub lines: Vec<Line<T>>,
    /// How many more lines there are that stand for what can't be read.
    pub damaged: usize,
}

/// A line that stands for what can't be read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Damaged {
    #[serde(rename = "_damaged")]
    _what: IgnoredAny,
}

/// A line of a body.
pub(super) struct Line<T> {
    /// Its number, beginning with 1.
    pub number: usize,
    /// What it holds, or what is wrong with it.
    pub value: Result<T, Violations>,
    /// Whether it has a field that the lines of exports have, and no others.
    pub is_exported: bool,
}

/// The lines that have come in so far.
pub(super) struct Lines<T> {
    reader: json::Reader<T>,
    number: usize,
    /// The beginning of a line whose end has not come yet.
    begun: Vec<u8>,
    /// Those that have ended.
    pub complete: Vec<Line<T>>,
    /// How many have ended that stand for what can't be read.
    damaged: usize,
    /// The first fields that `T` does not have, if those are wrong.
    unknown: Vec<Violation>,
}

impl<T: DeserializeOwned + Type> Lines<T> {
    /// None so far. When `is_strict`, fields that `T` does not have are wrong.
    pub fn new(is_strict: bool) -> Self {
        Self {
            reader: json::Reader::new(is_strict),
            number: 0,
            begun: Vec::new(),
            complete: Vec::new(),
            damaged: 0,
            unknown: Vec::new(),
        }
    }

    /// Takes in what comes next.
    pub fn take(&mut self, chunk: &[u8]) -> Result<(), Problem> {
        for piece in chunk.split_inclusive(|byte| *byte == b'\n') {
            self.begun.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                self.end_line()?;
            }
        }
        Ok(())
    }

    /// What comes next is another line, if anything does.
    pub fn end_line(&mut self) -> Result<(), Problem> {
        self.number += 1;
        let line = json::without_mark(self.begun.trim_ascii());
        if memmem::find(line, DAMAGED.as_bytes()).is_some() && serde_json::from_slice::<Damaged>(line).is_ok() {
            self.damaged += 1;
        } else if !line.is_empty() {
            if self.complete.len() == MAX_LINES {
                return Err(Problem::import_too_long(MAX_LINES));
            }
            let is_exported = memmem::find(line, EXPORTED).is_some();
            if self.unknown.len() < MAX_UNKNOWN {
                let unknown = self.reader.unknown_fields(line);
                self.unknown.extend(unknown.iter().map(|violation| violation.in_line(self.number)));
            }
            self.complete.push(Line { number: self.number, value: self.reader.line(line), is_exported });
        }
        self.begun.clear();
        Ok(())
    }
}

impl<T: DeserializeOwned + Type> Ndjson<T> {
    /// The lines of a whole text. Fields that `T` does not have are passed over.
    pub(super) fn of(text: &[u8]) -> Result<Self, Problem> {
        let mut lines = Lines::new(false);
        lines.take(text)?;
        lines.end_line()?;
        Ok(Self { lines: lines.complete, damaged: lines.damaged })
    }
}

async fn read<T: DeserializeOwned + Type + 'static>(
    request: &Request,
    body: &mut RequestBody,
) -> Result<Ndjson<T>, Problem> {
    let max_bytes = State::of(request)?.server.max_import_bytes;
    let mut pieces = body::open(request, body, max_bytes, Problem::import_too_large)?;
    let mut lines = Lines::new(prefer::is_strict(request.headers()));
    let mut unread = Vec::new();
    while let Some(piece) = pieces.next().await? {
        unread.extend_from_slice(&piece);
        if unread.len() >= READ_AT_ONCE {
            let piece = std::mem::take(&mut unread);
            lines = offload(move || lines.take(&piece).map(|()| lines)).await?;
        }
    }
    lines.take(&unread)?;
    lines.end_line()?;
    Violations::none(lines.unknown).map_err(|unknown| Problem::unknown_fields(&unknown))?;
    Ok(Ndjson { lines: lines.complete, damaged: lines.damaged })
}

impl<'a, T: DeserializeOwned + Type + 'static> ApiExtractor<'a> for Ndjson<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType { content_type: CONTENT_TYPE, schema: stream() }];
        Some(MetaRequest { description: Some("One JSON object a line"), content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let content_type = request.content_type().map(essence);
        if !content_type.is_some_and(|it| it == CONTENT_TYPE || ALSO_TAKEN.contains(&it.as_str())) {
            return Err(Problem::unsupported_media_type(CONTENT_TYPE).before_body().into());
        }
        Ok(read(request, body).await?)
    }
}

/// An answer with a `T` in each line, sent while it is made.
pub(super) struct NdjsonStream<T> {
    body: Body,
    lines: PhantomData<T>,
}

impl<T> NdjsonStream<T> {
    /// The answer that consists of these pieces, each of whole lines. An error breaks it off, which the client can see.
    pub(super) fn new(pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Self {
        Self { body: Body::from_bytes_stream(pieces), lines: PhantomData }
    }
}

impl<T: Type + Send> Payload for NdjsonStream<T> {
    const CONTENT_TYPE: &'static str = CONTENT_TYPE;

    fn schema_ref() -> MetaSchemaRef {
        stream()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// How the document shows a stream: no version of OpenAPI that generators know can say what each line is.
fn stream() -> MetaSchemaRef {
    MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "binary")))
}

impl<T: Send> IntoResponse for NdjsonStream<T> {
    fn into_response(self) -> Response {
        Response::builder().content_type(CONTENT_TYPE).body(self.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together_from_any_pieces() {
        let text = b"\xef\xbb\xbf1\n\n 2 \r\n3x\n4";
        for size in 1..=text.len() {
            let mut lines = Lines::<u8>::new(false);
            text.chunks(size).for_each(|chunk| lines.take(chunk).expect("few lines"));
            lines.end_line().expect("few lines");
            let found: Vec<_> = lines.complete.iter().map(|line| (line.number, line.value.as_ref().ok())).collect();
            assert_eq!(found, [(1, Some(&1)), (3, Some(&2)), (4, None), (5, Some(&4))], "in pieces of {size}");
        }
    }
}
