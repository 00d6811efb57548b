//! Who may scrape the metrics, where, and the text they get.

use std::io::{self, Write as _};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use poem::http::{StatusCode, header};
use poem::{IntoResponse, Request, Response};
use poem_openapi::ApiResponse;
use poem_openapi::payload::PlainText;
use poem_openapi::registry::{MetaResponses, Registry};
use tokio::sync::oneshot;

use super::accept::{self, essence};
use super::insiders::is_insider;
use super::problem::Problem;
use super::state::State;
use crate::config::Environment;
use crate::priority::Work;
use crate::telemetry::{Pipeline, TelemetryError};

/// In development, anyone if there is no token; elsewhere insiders; and always those who send the token.
async fn check(state: &State, request: &Request) -> Result<(), Problem> {
    let access = &state.metrics;
    let token = access.token();
    let has_token = token.as_ref().is_some_and(|token| token.is_sent_with(request));
    let needs_token = match state.environment {
        Environment::Development => token.is_some(),
        Environment::Staging | Environment::Production => !has_token && !is_insider(state, request).await,
    };
    if has_token || !needs_token { Ok(()) } else { Err(Problem::scraper_unknown()) }
}

/// The metrics for a request that came where everything else is served.
pub(super) async fn scrape_beside(state: &Arc<State>, request: &Request) -> Result<Exposition, Problem> {
    if state.metrics.is_elsewhere {
        return Err(Problem::route_not_found());
    }
    scrape(state, request).await
}

/// The metrics for a request that came where they are served.
pub(super) async fn scrape(state: &Arc<State>, request: &Request) -> Result<Exposition, Problem> {
    check(state, request).await?;
    let (format, encoding) = (Format::wanted(request), Encoding::wanted(request));
    let (turn, state) = (state.metrics.turn.clone().lock_owned().await, state.clone());
    let (send, rendered) = oneshot::channel();
    // On a thread that lets requests go first: there may be a great many series. The turn ends with the work, even when
    // the client has left before.
    std::thread::spawn(move || {
        Work::Scraping.lower_priority();
        let _turn = turn;
        // Nobody may be waiting any more.
        let _ = send.send(Exposition::render(&state.pipeline, format, encoding));
    });
    rendered.await.map_err(Problem::internal)?.map_err(Problem::internal)
}

/// How metrics are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// The text format of Prometheus.
    Prometheus,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

impl Format {
    /// OpenMetrics only if the client asks for it and does not prefer the plain format.
    fn wanted(request: &Request) -> Self {
        let is_open = |range: &str| {
            let version = range.split(';').skip(1).find_map(|it| it.trim().strip_prefix("version="));
            essence(range) == "application/openmetrics-text" && version.is_none_or(|it| it.trim_matches('"') == "1.0.0")
        };
        let plain = |range: &str| essence(range) == "text/plain";
        let of = |fit: &dyn Fn(&str) -> bool| accept::quality(request.headers(), &header::ACCEPT, fit).unwrap_or(0.0);
        let (open, plain) = (of(&is_open), of(&plain));
        if open > 0.0 && open >= plain { Self::OpenMetrics } else { Self::Prometheus }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// How they are made smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

impl Encoding {
    fn wanted(request: &Request) -> Self {
        let of = |name: &str| accept::coding(request.headers(), &[name]);
        let (zstd, gzip) = (of("zstd"), of("gzip"));
        match (zstd > 0.0, gzip > 0.0) {
            (true, _) if zstd >= gzip => Self::Zstd,
            (_, true) => Self::Gzip,
            _ => Self::Identity,
        }
    }

    fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
        }
    }

    fn encode(self, text: String) -> io::Result<Vec<u8>> {
        match self {
            Self::Identity => Ok(text.into_bytes()),
            Self::Gzip => {
                let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
                packed.write_all(text.as_bytes())?;
                packed.finish()
            }
            Self::Zstd => zstd::encode_all(text.as_bytes(), 1),
        }
    }
}

/// All metrics, as a scraper wants them.
pub(super) struct Exposition {
    format: Format,
    encoding: Encoding,
    body: Vec<u8>,
}

impl Exposition {
    fn render(pipeline: &Pipeline, format: Format, encoding: Encoding) -> Result<Self, TelemetryError> {
        let text = match format {
            Format::Prometheus => pipeline.render_metrics()?,
            Format::OpenMetrics => pipeline.render_openmetrics(),
        };
        let body = encoding.encode(text).map_err(|error| TelemetryError::Metrics(error.to_string()))?;
        Ok(Self { format, encoding, body })
    }
}

impl IntoResponse for Exposition {
    fn into_response(self) -> Response {
        let response = Response::builder()
            .status(StatusCode::OK)
            .content_type(self.format.media_type())
            .header(header::VARY, "accept, accept-encoding");
        match self.encoding.name() {
            Some(name) => response.header(header::CONTENT_ENCODING, name).body(self.body),
            None => response.body(self.body),
        }
    }
}

impl ApiResponse for Exposition {
    fn meta() -> MetaResponses {
        PlainText::<String>::meta()
    }

    fn register(registry: &mut Registry) {
        PlainText::<String>::register(registry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem::http::HeaderName;

    fn request(name: HeaderName, value: &str) -> Request {
        Request::builder().header(name, value).finish()
    }

    #[test]
    fn openmetrics_is_for_who_asks_for_it() {
        let prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
                          application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
        for (accept, expected) in [
            (prometheus, Format::OpenMetrics),
            ("application/openmetrics-text", Format::OpenMetrics),
            ("application/openmetrics-text; version=\"1.0.0\"", Format::OpenMetrics),
            ("application/openmetrics-text;version=2.0.0", Format::Prometheus),
            ("application/openmetrics-text;q=0", Format::Prometheus),
            ("text/plain, application/openmetrics-text;q=0.5", Format::Prometheus),
            ("*/*", Format::Prometheus),
            ("", Format::Prometheus),
        ] {
            assert_eq!(Format::wanted(&request(header::ACCEPT, accept)), expected, "{accept}");
        }
    }

    #[test]
    fn the_encoding_is_the_best_liked_of_those_there_are() {
        for (accept, expected) in [
            ("gzip", Encoding::Gzip),
            ("gzip, zstd", Encoding::Zstd),
            ("gzip;q=1.0, zstd;q=0.5", Encoding::Gzip),
            ("zstd;q=0, gzip;q=0.1", Encoding::Gzip),
            ("br, deflate", Encoding::Identity),
            ("gzip;q=0", Encoding::Identity),
        ] {
            assert_eq!(Encoding::wanted(&request(header::ACCEPT_ENCODING, accept)), expected, "{accept}");
        }
    }
}
