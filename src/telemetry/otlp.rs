//! Exporters to a collector, for each signal, over whichever protocol it speaks.

use std::collections::HashMap;
use std::time::Duration;

use hyper::HeaderMap;
use opentelemetry_otlp::{
    Compression, ExporterBuildError, LogExporter, MetricExporter, Protocol, SpanExporter, WithExportConfig,
    WithHttpConfig, WithTonicConfig,
};
use tonic::client::Grpc;
use tonic::codec::CompressionEncoding;
use tonic::metadata::MetadataMap;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

use super::TelemetryError;
use super::client::{HttpClient, Tls, read, with_causes};
use super::exporter::{Watched, without_credentials};
use super::grpc::GrpcSpanExporter;
use crate::config::{self, Otlp, OtlpProtocol, Signal};

/// An exporter of spans over gRPC.
pub(super) fn spans_over_grpc(config: &config::Telemetry) -> Result<Watched<GrpcSpanExporter>, TelemetryError> {
    watched(config, Signal::Traces, |otlp| {
        let mut endpoint = Endpoint::from_shared(endpoint(otlp).to_owned()).map_err(|error| with_causes(&error))?;
        if let Some(tls) = grpc_tls(otlp)? {
            endpoint = endpoint.tls_config(tls).map_err(|error| with_causes(&error))?;
        }
        let mut client = Grpc::new(endpoint.connect_lazy());
        if otlp.compression == config::Compression::Gzip {
            client = client.send_compressed(CompressionEncoding::Gzip).accept_compressed(CompressionEncoding::Gzip);
        }
        Ok(GrpcSpanExporter::new(client, metadata(otlp), timeout(otlp)))
    })
}

/// An exporter of spans over HTTP.
pub(super) fn spans_over_http(config: &config::Telemetry) -> Result<Watched<SpanExporter>, TelemetryError> {
    watched(config, Signal::Traces, |otlp| Ok(over_http(SpanExporter::builder().with_http(), otlp)?.build()?))
}

/// An exporter of metrics.
pub(super) fn metrics(config: &config::Telemetry) -> Result<Watched<MetricExporter>, TelemetryError> {
    watched(config, Signal::Metrics, |otlp| {
        Ok(match otlp.protocol {
            OtlpProtocol::Grpc => over_grpc(MetricExporter::builder().with_tonic(), otlp)?.build()?,
            OtlpProtocol::HttpProtobuf | OtlpProtocol::HttpJson => {
                over_http(MetricExporter::builder().with_http(), otlp)?.build()?
            }
        })
    })
}

/// An exporter of log lines.
pub(super) fn logs(config: &config::Telemetry) -> Result<Watched<LogExporter>, TelemetryError> {
    watched(config, Signal::Logs, |otlp| {
        Ok(match otlp.protocol {
            OtlpProtocol::Grpc => over_grpc(LogExporter::builder().with_tonic(), otlp)?.build()?,
            OtlpProtocol::HttpProtobuf | OtlpProtocol::HttpJson => {
                over_http(LogExporter::builder().with_http(), otlp)?.build()?
            }
        })
    })
}

/// What is wrong with the configuration of an exporter.
struct Unfit(String);

impl From<String> for Unfit {
    fn from(problem: String) -> Self {
        Self(problem)
    }
}

impl From<ExporterBuildError> for Unfit {
    fn from(error: ExporterBuildError) -> Self {
        Self(error.to_string())
    }
}

fn watched<E>(
    config: &config::Telemetry,
    signal: Signal,
    build: impl FnOnce(&Otlp) -> Result<E, Unfit>,
) -> Result<Watched<E>, TelemetryError> {
    let otlp = config.otlp(signal);
    match build(&otlp) {
        Ok(exporter) => Ok(Watched::new(exporter, signal, endpoint(&otlp))),
        Err(Unfit(cause)) => {
            Err(TelemetryError::Exporter { signal, endpoint: without_credentials(endpoint(&otlp)), cause })
        }
    }
}

fn over_grpc<B: WithExportConfig + WithTonicConfig>(builder: B, otlp: &Otlp) -> Result<B, Unfit> {
    let mut builder = builder.with_endpoint(endpoint(otlp)).with_timeout(timeout(otlp)).with_metadata(metadata(otlp));
    if otlp.compression == config::Compression::Gzip {
        builder = builder.with_compression(Compression::Gzip);
    }
    if let Some(tls) = grpc_tls(otlp)? {
        builder = builder.with_tls_config(tls);
    }
    Ok(builder)
}

/// None when it speaks without.
fn grpc_tls(otlp: &Otlp) -> Result<Option<ClientTlsConfig>, Unfit> {
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

fn metadata(otlp: &Otlp) -> MetadataMap {
    let headers: HeaderMap = otlp.header_pairs().into_iter().collect();
    MetadataMap::from_headers(headers)
}

fn over_http<B: WithExportConfig + WithHttpConfig>(builder: B, otlp: &Otlp) -> Result<B, Unfit> {
    let text = |value: &hyper::header::HeaderValue| value.to_str().map(str::to_owned).ok();
    let headers: HashMap<String, String> =
        otlp.header_pairs().iter().filter_map(|(name, value)| Some((name.to_string(), text(value)?))).collect();
    let protocol = match otlp.protocol {
        OtlpProtocol::HttpJson => Protocol::HttpJson,
        OtlpProtocol::HttpProtobuf | OtlpProtocol::Grpc => Protocol::HttpBinary,
    };
    let tls = Tls { authorities: otlp.certificate.as_deref(), identity: identity(otlp) };
    let tls = if is_tls(otlp) { tls.config()? } else { Tls::nobody()? };
    let builder = builder
        .with_endpoint(endpoint(otlp))
        .with_timeout(timeout(otlp))
        .with_protocol(protocol)
        .with_headers(headers)
        .with_http_client(HttpClient::new(tls, timeout(otlp)));
    Ok(match otlp.compression {
        config::Compression::None => builder,
        config::Compression::Gzip => builder.with_compression(Compression::Gzip),
    })
}

fn endpoint(otlp: &Otlp) -> &str {
    otlp.endpoint.as_deref().unwrap_or_default()
}

fn timeout(otlp: &Otlp) -> Duration {
    Duration::from_millis(otlp.timeout_ms)
}

fn is_tls(otlp: &Otlp) -> bool {
    endpoint(otlp).starts_with("https:")
}

fn identity(otlp: &Otlp) -> Option<(&std::path::Path, &std::path::Path)> {
    otlp.client_certificate.as_deref().zip(otlp.client_key.as_deref())
}
