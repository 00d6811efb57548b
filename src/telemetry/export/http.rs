//! OTLP/HTTP: a message in a POST (OTLP 1.x, "OTLP/HTTP").

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use hyper::{HeaderMap, StatusCode, Uri};
use opentelemetry_http::{Bytes, Request, Response};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message as _;
use serde_json::Value;

use super::message::{Format, Refusal, Taken};
use crate::telemetry::client::{HttpClient, with_causes};

/// Requests to a collector.
#[derive(Debug)]
pub(super) struct Http {
    client: HttpClient,
    url: Uri,
    headers: HeaderMap,
    format: Format,
    timeout: Duration,
    is_compressed: bool,
}

impl Http {
    /// Requests to `url` with `headers`, each of which has this long for its answer.
    pub(super) fn new(
        client: HttpClient,
        url: Uri,
        headers: HeaderMap,
        format: Format,
        timeout: Duration,
        is_compressed: bool,
    ) -> Self {
        Self { client, url, headers, format, timeout, is_compressed }
    }

    /// How it writes messages.
    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// Sends a message once.
    pub(super) async fn send(&self, message: Bytes) -> Result<Taken, Refusal> {
        let request = self.request(message).map_err(|error| Refusal::Permanent(error.to_string()))?;
        match self.client.send(request, self.timeout).await {
            Ok(answer) => outcome(&answer),
            Err(error) => Err(Refusal::Transient { reason: with_causes(&*error), wait: Duration::ZERO }),
        }
    }

    fn request(&self, message: Bytes) -> Result<Request<Bytes>, Box<dyn std::error::Error>> {
        let kind = match self.format {
            Format::Protobuf => "application/x-protobuf",
            Format::Json => "application/json",
        };
        let mut request = Request::post(&self.url).header(CONTENT_TYPE, kind);
        if let Some(headers) = request.headers_mut() {
            headers.extend(self.headers.clone());
        }
        if !self.is_compressed {
            return Ok(request.body(message)?);
        }
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&message)?;
        Ok(request.header(CONTENT_ENCODING, "gzip").body(packed.finish()?.into())?)
    }
}

/// By the specification ("Failures"): these four codes, and no other, may be tried again.
fn outcome(answer: &Response<Bytes>) -> Result<Taken, Refusal> {
    let status = answer.status();
    let reason = format!("the collector answered {status}");
    match status {
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Err(Refusal::Transient { reason, wait: retry_after(answer) }),
        StatusCode::PAYLOAD_TOO_LARGE => Err(Refusal::TooLarge(reason)),
        _ if status.is_success() => taken(answer).ok_or_else(|| {
            Refusal::Permanent(format!("{reason}, but not as a collector does: something else is at this address"))
        }),
        _ => Err(Refusal::Permanent(reason)),
    }
}

/// The seconds in `Retry-After`.
fn retry_after(answer: &Response<Bytes>) -> Duration {
    let seconds = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    Duration::from_secs(seconds.unwrap_or(0))
}

/// What a collector says of a message it took; none when it was no collector that answered. Some leave out what type
/// their answer has, or name the wrong one of the two.
fn taken(answer: &Response<Bytes>) -> Option<Taken> {
    let kind = answer.headers().get(CONTENT_TYPE).map_or(&b""[..], |kind| kind.as_bytes());
    match answer.body() {
        _ if kind.starts_with(b"text/") => None,
        body if body.starts_with(b"{") => taken_in_json(body),
        body => ExportTraceServiceResponse::decode(body.clone()).ok().map(Taken::from),
    }
}

fn taken_in_json(body: &[u8]) -> Option<Taken> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let partial = &answer["partialSuccess"];
    let names = ["rejectedSpans", "rejectedDataPoints", "rejectedLogRecords"];
    // The mapping to JSON writes whole numbers of 64 bits as text, and takes both.
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let rejected = names.into_iter().find_map(|name| number(&partial[name])).unwrap_or(0);
    Some(Taken { rejected, message: partial["errorMessage"].as_str().unwrap_or_default().to_owned() })
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTracePartialSuccess;

    use super::*;

    fn answer(status: u16, kind: &str, body: impl Into<Bytes>) -> Result<Taken, Refusal> {
        outcome(&Response::builder().status(status).header(CONTENT_TYPE, kind).body(body.into()).unwrap())
    }

    #[test]
    fn a_collector_is_known_by_its_answer() {
        assert_eq!(answer(200, "application/x-protobuf", ""), Ok(Taken::default()));
        assert_eq!(answer(200, "application/json", "{}"), Ok(Taken::default()));
        assert_eq!(answer(202, "application/x-protobuf", "{}"), Ok(Taken::default()));
        for (kind, body) in [("text/html", "<html>welcome</html>"), ("", "<html>"), ("text/plain", ""), ("", "OK")] {
            assert!(matches!(answer(200, kind, body), Err(Refusal::Permanent(_))), "{kind} {body}");
        }
    }

    #[test]
    fn what_was_rejected_is_read_in_both_forms() {
        let rejected = Taken { rejected: 3, message: "too old".to_owned() };
        let partial = ExportTracePartialSuccess { rejected_spans: 3, error_message: "too old".to_owned() };
        let binary = ExportTraceServiceResponse { partial_success: Some(partial) }.encode_to_vec();
        assert_eq!(answer(200, "application/x-protobuf", binary), Ok(rejected));
        for name in ["rejectedSpans\":3", "rejectedDataPoints\":\"3\"", "rejectedLogRecords\":\"3\""] {
            let json = format!("{{\"partialSuccess\":{{\"{name},\"errorMessage\":\"too old\"}}}}");
            let rejected = Taken { rejected: 3, message: "too old".to_owned() };
            assert_eq!(answer(200, "application/json", json), Ok(rejected), "{name}");
        }
    }

    #[test]
    fn four_codes_may_be_tried_again() {
        for status in [429, 502, 503, 504] {
            assert!(matches!(answer(status, "", ""), Err(Refusal::Transient { .. })), "{status}");
        }
        assert!(matches!(answer(413, "", ""), Err(Refusal::TooLarge(_))));
        for status in [301, 400, 401, 403, 404, 500, 501] {
            assert!(matches!(answer(status, "", ""), Err(Refusal::Permanent(_))), "{status}");
        }
    }
}
