//! The way to a collector, for each signal, over whichever protocol it speaks (OTLP 1.x).
//!
//! `opentelemetry-otlp` gives up after a second, does not try again after a connection was reset, takes any page with a
//! 200 for a success, and counts nothing; so the ways of a message (`transport`), what is sent at once (`batch`), and the
//! attempts (`sender`) are ours.

mod batch;
mod content;
mod encoding;
mod exporters;
mod grpc;
mod http;
mod message;
mod queue;
mod sender;
mod transport;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hyper::HeaderMap;
use tonic::metadata::MetadataMap;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

pub(super) use self::content::Content;
pub use self::encoding::export_request;
pub(super) use self::exporters::Exporter;
pub(super) use self::queue::{Bounded, Leaving};

use self::grpc::Grpc;
use self::http::Http;
use self::message::Format;
use self::sender::{Patience, Sender, without_credentials};
use self::transport::Transport;
use super::TelemetryError;
use super::client::{HttpClient, Tls, read, with_causes};
use super::metrics::Exports;
use crate::config::{self, Compression, Otlp, OtlpProtocol, Signal};

/// An exporter of something, which counts what becomes of it.
pub(super) fn exporter(
    config: &config::Telemetry,
    content: impl Into<Content>,
    exports: &Arc<Exports>,
) -> Result<Exporter, TelemetryError> {
    let content = content.into();
    let signal = content.signal();
    let otlp = config.otlp(signal);
    let transport = match otlp.protocol {
        OtlpProtocol::Grpc => over_grpc(&otlp, signal).map(|grpc| Transport::Grpc(grpc.into())),
        OtlpProtocol::HttpProtobuf => over_http(&otlp, Format::Protobuf).map(|http| Transport::Http(http.into())),
        OtlpProtocol::HttpJson => over_http(&otlp, Format::Json).map(|http| Transport::Http(http.into())),
    };
    let endpoint = endpoint(&otlp);
    let transport = transport.map_err(|cause| TelemetryError::Exporter {
        signal,
        endpoint: without_credentials(endpoint),
        cause,
    })?;
    let export = Duration::from_millis(config.export_timeout_ms(signal));
    let patience = Patience { attempt: attempt_timeout(&otlp), export };
    let sender = Sender::new(transport, content, endpoint, patience, exports.clone());
    Ok(Exporter::new(sender, config.metric_temporality))
}

fn over_grpc(otlp: &Otlp, signal: Signal) -> Result<Grpc, String> {
    let mut to = Endpoint::from_shared(endpoint(otlp).to_owned()).map_err(|error| with_causes(&error))?;
    if let Some(tls) = grpc_tls(otlp)? {
        to = to.tls_config(tls).map_err(|error| with_causes(&error))?;
    }
    let metadata = MetadataMap::from_headers(headers(otlp));
    Ok(Grpc::new(to, signal, metadata, is_compressed(otlp)))
}

/// None when it speaks without.
fn grpc_tls(otlp: &Otlp) -> Result<Option<ClientTlsConfig>, String> {
    if !is_tls(otlp) {
        return Ok(None);
    }
    let mut tls = match &otlp.certificate {
        Some(path) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(path)?)),
        None => ClientTlsConfig::new().with_enabled_roots(),
    };
    if let Some((certificate, key)) = identity(otlp) {
        tls = tls.identity(Identity::from_pem(read(certificate)?, read(key)?));
    }
    Ok(Some(tls))
}

fn over_http(otlp: &Otlp, format: Format) -> Result<Http, String> {
    let tls = Tls { authorities: otlp.certificate.as_deref(), identity: identity(otlp) };
    let tls = if is_tls(otlp) { tls.config()? } else { Tls::nobody()? };
    let url = endpoint(otlp).parse().map_err(|error| with_causes(&error))?;
    let timeout = attempt_timeout(otlp);
    Ok(Http::new(HttpClient::new(tls), url, headers(otlp), format, timeout, is_compressed(otlp)))
}

fn headers(otlp: &Otlp) -> HeaderMap {
    otlp.header_pairs().into_iter().collect()
}

fn endpoint(otlp: &Otlp) -> &str {
    otlp.endpoint.as_deref().unwrap_or_default()
}

fn attempt_timeout(otlp: &Otlp) -> Duration {
    Duration::from_millis(otlp.timeout_ms)
}

fn is_tls(otlp: &Otlp) -> bool {
    endpoint(otlp).starts_with("https:")
}

fn is_compressed(otlp: &Otlp) -> bool {
    otlp.compression == Compression::Gzip
}

fn identity(otlp: &Otlp) -> Option<(&Path, &Path)> {
    otlp.client_certificate.as_deref().zip(otlp.client_key.as_deref())
}
