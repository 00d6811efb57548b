//! How collectors are spoken to (OTLP), for all signals and for each alone.

use std::path::PathBuf;

use hyper::Uri;
use hyper::header::{HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::check::{self, Checked};
use super::secret;

/// The signals, which have settings of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Metrics.
    Metrics,
    /// Log lines.
    Logs,
}

impl Signal {
    /// Its name in prose, in paths and in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Metrics => "metrics",
            Self::Logs => "logs",
        }
    }
}

/// The collector of all signals.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Otlp {
    /// Its URL (`OTEL_EXPORTER_OTLP_ENDPOINT`). Default `http://otelcol:4317`, and `http://otelcol:4318` for OTLP over
    /// HTTP, which appends `/v1/traces` and so on.
    pub endpoint: Option<String>,
    /// What it speaks (`OTEL_EXPORTER_OTLP_PROTOCOL`); [`OtlpProtocol::Grpc`] by default.
    #[serde(deserialize_with = "check::by_name")]
    pub protocol: OtlpProtocol,
    /// Headers of every export, as `key=value,key=value` (`OTEL_EXPORTER_OTLP_HEADERS`). Default none.
    #[serde(serialize_with = "secret::masked")]
    pub headers: Option<SecretString>,
    /// Milliseconds that one attempt of an export may take (`OTEL_EXPORTER_OTLP_TIMEOUT`). Default 10000.
    pub timeout_ms: u64,
    /// How exports are made smaller (`OTEL_EXPORTER_OTLP_COMPRESSION`); [`Compression::None`] by default.
    #[serde(deserialize_with = "check::by_name")]
    pub compression: Compression,
    /// A PEM file with the certificates that vouch for it (`OTEL_EXPORTER_OTLP_CERTIFICATE`). Default none, which means
    /// those of Mozilla.
    pub certificate: Option<PathBuf>,
    /// A PEM file with a certificate to show it (`OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE`). Default none.
    pub client_certificate: Option<PathBuf>,
    /// A PEM file with that certificate's key (`OTEL_EXPORTER_OTLP_CLIENT_KEY`). Default none.
    pub client_key: Option<PathBuf>,
}

impl Default for Otlp {
    fn default() -> Self {
        Self {
            endpoint: None,
            protocol: OtlpProtocol::default(),
            headers: None,
            timeout_ms: 10_000,
            compression: Compression::default(),
            certificate: None,
            client_certificate: None,
            client_key: None,
        }
    }
}

/// What is different for one signal; see [`Otlp`]. The variables are `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` and so on.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OtlpOfSignal {
    /// The whole URL; nothing is appended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// See [`Otlp::protocol`].
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "check::some_by_name")]
    pub protocol: Option<OtlpProtocol>,
    /// See [`Otlp::headers`].
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "secret::masked")]
    pub headers: Option<SecretString>,
    /// See [`Otlp::timeout_ms`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// See [`Otlp::compression`].
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "check::some_by_name")]
    pub compression: Option<Compression>,
    /// See [`Otlp::certificate`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// See [`Otlp::client_certificate`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<PathBuf>,
    /// See [`Otlp::client_key`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_key: Option<PathBuf>,
}

impl Otlp {
    /// What holds for a signal: what it has of its own, else what holds for all, with an endpoint in any case.
    pub(super) fn for_signal(&self, signal: Signal, own: &OtlpOfSignal) -> Self {
        let protocol = own.protocol.unwrap_or(self.protocol);
        let endpoint = own.endpoint.clone().unwrap_or_else(|| match (protocol, &self.endpoint) {
            (OtlpProtocol::Grpc, None) => "http://otelcol:4317".to_owned(),
            (OtlpProtocol::Grpc, Some(endpoint)) => endpoint.clone(),
            (OtlpProtocol::HttpProtobuf | OtlpProtocol::HttpJson, endpoint) => {
                let endpoint = endpoint.as_deref().unwrap_or("http://otelcol:4318");
                format!("{}/v1/{}", endpoint.trim_end_matches('/'), signal.as_str())
            }
        });
        Self {
            endpoint: Some(endpoint),
            protocol,
            headers: own.headers.clone().or_else(|| self.headers.clone()),
            timeout_ms: own.timeout_ms.unwrap_or(self.timeout_ms),
            compression: own.compression.unwrap_or(self.compression),
            certificate: own.certificate.clone().or_else(|| self.certificate.clone()),
            client_certificate: own.client_certificate.clone().or_else(|| self.client_certificate.clone()),
            client_key: own.client_key.clone().or_else(|| self.client_key.clone()),
        }
    }

    /// The headers, decoded.
    pub fn header_pairs(&self) -> Vec<(HeaderName, HeaderValue)> {
        let text = self.headers.as_ref().map_or("", |headers| headers.expose_secret());
        text.split(',').filter_map(header).collect()
    }

    pub(super) fn check(&self) -> Checked {
        check_endpoint("telemetry.otlp.endpoint", self.endpoint.as_deref())?;
        check_headers("telemetry.otlp.headers", self.headers.as_ref())?;
        check::within("telemetry.otlp.timeout_ms", self.timeout_ms, 1..=LONGEST_TIMEOUT_MS)?;
        check_client("telemetry.otlp.client_key", self.client_certificate.is_some(), self.client_key.is_some())
    }
}

/// The longest an export may take.
const LONGEST_TIMEOUT_MS: u64 = 600_000;

impl OtlpOfSignal {
    pub(super) fn check(&self, keys: &OtlpKeys) -> Checked {
        check_endpoint(keys.endpoint, self.endpoint.as_deref())?;
        check_headers(keys.headers, self.headers.as_ref())?;
        if let Some(timeout) = self.timeout_ms {
            check::within(keys.timeout_ms, timeout, 1..=LONGEST_TIMEOUT_MS)?;
        }
        check_client(keys.client_key, self.client_certificate.is_some(), self.client_key.is_some())
    }
}

/// The names that a signal's own settings have in a refusal.
pub(super) struct OtlpKeys {
    endpoint: &'static str,
    headers: &'static str,
    timeout_ms: &'static str,
    client_key: &'static str,
}

macro_rules! keys {
    ($section:literal) => {
        OtlpKeys {
            endpoint: concat!($section, ".endpoint"),
            headers: concat!($section, ".headers"),
            timeout_ms: concat!($section, ".timeout_ms"),
            client_key: concat!($section, ".client_key"),
        }
    };
}

pub(super) const TRACES_KEYS: OtlpKeys = keys!("telemetry.otlp_traces");
pub(super) const METRICS_KEYS: OtlpKeys = keys!("telemetry.otlp_metrics");
pub(super) const LOGS_KEYS: OtlpKeys = keys!("telemetry.otlp_logs");

/// How a collector is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OtlpProtocol {
    /// gRPC.
    #[default]
    #[serde(rename = "grpc")]
    Grpc,
    /// HTTP, with protobuf in it.
    #[serde(rename = "http/protobuf")]
    HttpProtobuf,
    /// HTTP, with JSON in it.
    #[serde(rename = "http/json")]
    HttpJson,
}

/// How exports are made smaller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// By gzip.
    Gzip,
}

fn check_endpoint(key: &'static str, endpoint: Option<&str>) -> Checked {
    let fit = endpoint.is_none_or(is_url);
    check::ensure(key, fit, "expected an http:// or https:// URL, such as http://otelcol:4317")
}

/// Whether this is a URL that can be called.
pub(super) fn is_url(text: &str) -> bool {
    let uri = text.parse::<Uri>();
    uri.is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
}

fn check_headers(key: &'static str, headers: Option<&SecretString>) -> Checked {
    let fit = headers.is_none_or(|headers| headers.expose_secret().split(',').all(|pair| header(pair).is_some()));
    check::ensure(key, fit, "expected key=value,key=value with names and values that HTTP headers can have")
}

fn check_client(key: &'static str, has_certificate: bool, has_key: bool) -> Checked {
    check::ensure(key, has_certificate == has_key, "expected client_certificate and client_key together, or neither")
}

/// A pair of `OTEL_EXPORTER_OTLP_HEADERS`, whose value may be percent-encoded.
fn header(pair: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = pair.split_once('=')?;
    let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
    Some((name.trim().parse().ok()?, HeaderValue::from_str(&value).ok()?))
}
