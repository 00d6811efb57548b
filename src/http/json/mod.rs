//! JSON in and out, by serde. The schema of a type is what its `poem_openapi::Object` says; the parsing is ours, so that
//! a malformed body is a 400, a wrong type a 422 that points at the place, and limits hold while the body is read.

mod explain;
mod known;
mod mismatch;
mod numbers;
mod schemas;

use std::cell::OnceCell;
use std::marker::PhantomData;

use hyper::body::Bytes;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse, Request, RequestBody, Response};
use poem_openapi::payload::Payload;
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaResponse, MetaResponses, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ApiResponse, ExtractParamOptions};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use self::explain::{explain, syntax, without_place};
use self::known::Known;
use super::headers::OF_AN_ANSWER;
use super::problem::Problem;
use super::state::State;
use super::{accept, body, prefer};
use crate::domain::{Violation, Violations};

const CONTENT_TYPE: &str = "application/json";
/// What most answers fit, in bytes: they need not be moved while they are written.
const USUAL_BODY: usize = 1 << 10;
/// What some editors begin a text with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// The most faults of one kind that an answer names; there may be as many as a body has bytes.
const MAX_FAULTS: usize = 20;

/// A JSON body.
pub(super) struct Json<T>(pub T);

/// A JSON body that need not be there, and whose faults are the handler's to judge. An empty one is none.
pub(super) struct OptionalJson<T>(pub Result<Option<T>, Problem>);

/// The bytes of the body: no more than the limit, and within the time for it.
pub(super) async fn read(request: &Request, body: &mut RequestBody, max_bytes: usize) -> Result<Bytes, Problem> {
    body::open(request, body, max_bytes, Problem::payload_too_large)?.read_all().await
}

/// Why bytes are not what they should be.
enum Fault {
    /// They are not JSON at all.
    Syntax(String),
    /// It is JSON of another shape.
    Shape(Violations),
}

/// Reads values of a type.
pub(super) struct Reader<T> {
    /// Whether fields that `T` does not have are wrong.
    is_strict: bool,
    /// Made when it is asked for, which is seldom.
    known: OnceCell<Known>,
    of: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned + Type> Reader<T> {
    /// When `is_strict`, a field that is not known is invalid.
    pub fn new(is_strict: bool) -> Self {
        Self { is_strict, known: OnceCell::new(), of: PhantomData }
    }

    /// The value in a body. Syntax first, then fields, then types: what is not JSON at all is malformed, what is of another
    /// shape is invalid.
    fn body(&self, bytes: &[u8]) -> Result<T, Problem> {
        let bytes = without_mark(bytes);
        let value = self.value(bytes);
        Violations::none(self.unknown_fields(bytes)).map_err(|violations| Problem::unknown_fields(&violations))?;
        value.map_err(|fault| match fault {
            Fault::Syntax(detail) => Problem::invalid_json(detail),
            Fault::Shape(violations) => Problem::validation(&violations),
        })
    }

    /// The value in a line of many, of which one may well be no JSON.
    pub fn line(&self, bytes: &[u8]) -> Result<T, Violations> {
        self.value(without_mark(bytes)).map_err(|fault| match fault {
            Fault::Syntax(detail) => Violations::one("", format!("is not valid JSON: {}", without_place(&detail))),
            Fault::Shape(violations) => violations,
        })
    }

    fn known(&self) -> &Known {
        self.known.get_or_init(Known::of::<T>)
    }

    /// Refuses numbers that are too large, unless they are in fields that `T` does not have: those are ignored. One that is
    /// no number of any size is told what it should be instead.
    fn check_numbers(&self, bytes: &[u8]) -> Result<(), Violations> {
        if !numbers::may_be_too_large(bytes) {
            return Ok(());
        }
        let Some(readable) = numbers::readable(bytes) else { return Ok(()) };
        let is_ignored = |place: &[String]| self.known().is_ignored(&readable.value, place);
        let too_large = readable.too_large(bytes, MAX_FAULTS, is_ignored);
        if too_large.is_empty() {
            return Ok(());
        }
        let mut found = self.known().mismatches(&readable.value);
        let is_named = |number: &Violation| found.iter().any(|wrong| wrong.pointer == number.pointer);
        let others: Vec<_> = too_large.into_iter().filter(|number| !is_named(number)).collect();
        found.extend(others);
        found.truncate(MAX_FAULTS);
        Violations::none(found)
    }

    /// Fields that `T` does not have, when they are wrong; none of what is not JSON.
    pub fn unknown_fields(&self, bytes: &[u8]) -> Vec<Violation> {
        if !self.is_strict {
            return Vec::new();
        }
        let readable = numbers::readable(without_mark(bytes));
        readable.map_or_else(Vec::new, |readable| self.known().unknown_fields(&readable.value, MAX_FAULTS))
    }

    fn value(&self, bytes: &[u8]) -> Result<T, Fault> {
        self.check_numbers(bytes).map_err(Fault::Shape)?;
        // A derived deserializer would take an array for an object, field by field.
        if bytes.trim_ascii_start().starts_with(b"[") {
            return Err(self.fault(bytes));
        }
        // To keep track of the place costs, and is for nothing when all is well.
        serde_json::from_slice(bytes).map_err(|_| self.fault(bytes))
    }

    /// What is wrong with bytes that are no value of the type: as the document says it, or else as serde does.
    fn fault(&self, bytes: &[u8]) -> Fault {
        if bytes.trim_ascii().is_empty() {
            return Fault::Syntax("there is nothing in it".to_owned());
        }
        if let Err(error) = serde_json::from_slice::<IgnoredAny>(bytes) {
            return Fault::Syntax(syntax(&error));
        }
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        let error = serde_path_to_error::deserialize::<_, T>(&mut deserializer).err();
        if let Some(error) = error.as_ref().map(serde_path_to_error::Error::inner).filter(|error| is_syntax(error)) {
            return Fault::Syntax(syntax(error));
        }
        let readable = numbers::readable(bytes);
        let wrong = readable.map_or_else(Vec::new, |readable| self.known().mismatches(&readable.value));
        if let Err(violations) = Violations::none(wrong) {
            return Fault::Shape(violations);
        }
        let place = error.as_ref().map_or_else(String::new, |error| pointer(error.path()));
        let message = error.map_or_else(String::new, |error| error.inner().to_string());
        let (field, detail) = explain(&message);
        Fault::Shape(Violations::one(place + &field, detail))
    }
}

/// Whether a text is no JSON that is taken: nested too deep, or not UTF-8. What should be one of several names and is no
/// text is no JSON to serde_json either, but it is to us.
fn is_syntax(error: &serde_json::Error) -> bool {
    !error.is_data() && !error.to_string().starts_with("expected value")
}

/// A text without the byte order mark that it may begin with.
pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", escape(key)),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => String::new(),
        })
        .collect()
}

/// A name as a part of a JSON Pointer.
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A media type without its parameters.
pub(super) fn essence(content_type: &str) -> String {
    accept::essence(content_type).to_ascii_lowercase()
}

/// A body that says of itself nothing is JSON, as it was to the older service: HTTP clients that are given a text send it so.
fn check_content_type(request: &Request) -> Result<(), Problem> {
    match request.content_type().map(essence) {
        Some(essence) if essence != CONTENT_TYPE && !essence.ends_with("+json") => {
            Err(Problem::unsupported_media_type(CONTENT_TYPE))
        }
        Some(_) | None => Ok(()),
    }
}

impl<'a, T: DeserializeOwned + Type> ApiExtractor<'a> for Json<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Some(MetaRequest { description: None, content: vec![media_type::<T>()], required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        check_content_type(request).map_err(Problem::before_body)?;
        let bytes = read(request, body, State::of(request)?.server.max_body_bytes).await?;
        Ok(Self(Reader::new(prefer::is_strict(request.headers())).body(&bytes)?))
    }
}

impl<'a, T: DeserializeOwned + Type> ApiExtractor<'a> for OptionalJson<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Some(MetaRequest { description: None, content: vec![media_type::<T>()], required: false })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let is_strict = prefer::is_strict(request.headers());
        let bytes = match read(request, body, State::of(request)?.server.max_body_bytes).await {
            Ok(bytes) => bytes,
            Err(problem) => return Ok(Self(Err(problem))),
        };
        if without_mark(&bytes).trim_ascii().is_empty() {
            return Ok(Self(Ok(None)));
        }
        Ok(Self(check_content_type(request).and_then(|()| Reader::new(is_strict).body(&bytes)).map(Some)))
    }
}

impl<T: Type + Send> Payload for Json<T> {
    const CONTENT_TYPE: &'static str = CONTENT_TYPE;

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Type> ApiResponse for Json<T> {
    fn meta() -> MetaResponses {
        let ok = MetaResponse {
            description: "Success",
            status: Some(200),
            status_range: None,
            content: vec![media_type::<T>()],
            headers: vec![],
        };
        MetaResponses { responses: vec![ok] }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Serialize + Send> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let mut body = Vec::with_capacity(USUAL_BODY);
        match serde_json::to_writer(&mut body, &self.0) {
            Ok(()) => answer(body),
            Err(error) => {
                tracing::error!(%error, "an answer can't be written as JSON");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

fn answer(body: Vec<u8>) -> Response {
    let mut response = Response::builder().body(body);
    let headers = response.headers_mut();
    headers.reserve(OF_AN_ANSWER);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    response
}

fn media_type<T: Type>() -> MetaMediaType {
    MetaMediaType { content_type: CONTENT_TYPE, schema: T::schema_ref() }
}
