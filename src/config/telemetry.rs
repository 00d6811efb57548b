//! The settings of traces and metrics, named and spelt as the OpenTelemetry specification has them.

use std::net::SocketAddr;
use std::str::FromStr;

use hyper::Uri;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::check::{self, Checked};
use super::secret;

/// The shortest bearer token that can't be tried out.
const SHORTEST_TOKEN: usize = 16;

/// Traces and metrics.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Telemetry {
    /// Switches all telemetry but the log off (`OTEL_SDK_DISABLED`). Default false.
    pub disabled: bool,
    /// The resource's `service.name` (`OTEL_SERVICE_NAME`). Default `ghostworks-api`.
    pub service_name: String,
    /// More attributes of the resource, as `key=value,key=value` (`OTEL_RESOURCE_ATTRIBUTES`). Default none.
    pub resource_attributes: String,
    /// Where spans go (`OTEL_TRACES_EXPORTER`); [`TracesExporter::Otlp`] by default.
    #[serde(deserialize_with = "check::by_name")]
    pub traces_exporter: TracesExporter,
    /// Where metrics go (`OTEL_METRICS_EXPORTER`); [`MetricsExporter::Prometheus`] by default.
    #[serde(deserialize_with = "check::by_name")]
    pub metrics_exporter: MetricsExporter,
    /// The collector's URL (`OTEL_EXPORTER_OTLP_ENDPOINT`). Default `http://otelcol:4317`.
    pub otlp_endpoint: String,
    /// The collector's URL for traces, when it is another one (`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`). Default none.
    pub otlp_traces_endpoint: Option<String>,
    /// What the collector speaks (`OTEL_EXPORTER_OTLP_PROTOCOL`); [`OtlpProtocol::Grpc`] by default.
    #[serde(deserialize_with = "protocol")]
    pub otlp_protocol: OtlpProtocol,
    /// Which traces are recorded (`OTEL_TRACES_SAMPLER`); [`Sampler::ParentBasedAlwaysOn`] by default.
    #[serde(deserialize_with = "check::by_name")]
    pub sampler: Sampler,
    /// The share of traces that the ratio samplers record, 0 to 1 (`OTEL_TRACES_SAMPLER_ARG`). Default none, which
    /// means 1.
    #[serde(deserialize_with = "ratio")]
    pub sampler_arg: Option<f64>,
    /// Which headers carry a caller's trace (`OTEL_PROPAGATORS`). Default `tracecontext,baggage`.
    pub propagators: Propagators,
    /// Where `/metrics` is served, when not with everything else; port 0 takes any free one. Default none.
    #[serde(deserialize_with = "listen")]
    pub metrics_listen: Option<SocketAddr>,
    /// What a scraper must send as bearer token. Default none: anyone may scrape.
    #[serde(serialize_with = "secret::masked")]
    pub metrics_token: Option<SecretString>,
    /// Tenants that keep their own label on metrics; the rest share `other`. Default 1000.
    pub tenant_label_limit: usize,
    /// Seconds that the last spans get to leave when the server stops. Default 5.
    pub shutdown_timeout_seconds: u64,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            disabled: false,
            service_name: "ghostworks-api".into(),
            resource_attributes: String::new(),
            traces_exporter: TracesExporter::default(),
            metrics_exporter: MetricsExporter::default(),
            otlp_endpoint: "http://otelcol:4317".into(),
            otlp_traces_endpoint: None,
            otlp_protocol: OtlpProtocol::default(),
            sampler: Sampler::default(),
            sampler_arg: None,
            propagators: Propagators::default(),
            metrics_listen: None,
            metrics_token: None,
            tenant_label_limit: 1000,
            shutdown_timeout_seconds: 5,
        }
    }
}

impl Telemetry {
    /// Where spans are sent.
    pub fn traces_endpoint(&self) -> &str {
        self.otlp_traces_endpoint.as_deref().unwrap_or(&self.otlp_endpoint)
    }

    pub(super) fn check(&self) -> Checked {
        check::one_line("telemetry.service_name", &self.service_name)?;
        check::ensure(
            "telemetry.resource_attributes",
            self.resource_attributes.is_empty() || self.resource_attributes.split(',').all(is_attribute),
            "expected key=value,key=value",
        )?;
        check_endpoint("telemetry.otlp_endpoint", &self.otlp_endpoint)?;
        if let Some(endpoint) = &self.otlp_traces_endpoint {
            check_endpoint("telemetry.otlp_traces_endpoint", endpoint)?;
        }
        if let Some(ratio) = self.sampler_arg {
            check::within("telemetry.sampler_arg", ratio, 0.0..=1.0)?;
        }
        if let Some(token) = &self.metrics_token {
            let token = token.expose_secret();
            let fit = token.len() >= SHORTEST_TOKEN && token.bytes().all(|byte| byte.is_ascii_graphic());
            check::ensure(
                "telemetry.metrics_token",
                fit,
                "expected 16 or more letters, digits and signs without a space; `openssl rand -hex 32` makes a good one",
            )?;
        }
        check::within("telemetry.tenant_label_limit", self.tenant_label_limit, 1..=1_000_000)?;
        check::seconds("telemetry.shutdown_timeout_seconds", self.shutdown_timeout_seconds)
    }
}

fn is_attribute(pair: &str) -> bool {
    !pair.contains(char::is_control) && pair.split_once('=').is_some_and(|(key, _)| !key.trim().is_empty())
}

fn check_endpoint(key: &'static str, endpoint: &str) -> Checked {
    let fit = endpoint.parse::<Uri>().is_ok_and(|uri| uri.scheme_str() == Some("http") && uri.host().is_some());
    check::ensure(key, fit, "expected an http:// URL, such as http://otelcol:4317; this version has no TLS to it")
}

/// Reads text as well as a number: figment would take a number in text for an `f32`, and 0.1 is not 0.1 there.
fn ratio<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a number")]
    enum Ratio {
        Number(f64),
        Text(String),
    }
    match Ratio::deserialize(deserializer)? {
        Ratio::Number(number) => Ok(Some(number)),
        Ratio::Text(text) => text.parse().map(Some).map_err(|_| D::Error::custom("expected a number")),
    }
}

fn listen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    check::parse(deserializer, "an IP address and a port, such as 127.0.0.1:9464").map(Some)
}

/// Where spans go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TracesExporter {
    /// To a collector.
    #[default]
    Otlp,
    /// To standard output, for a look.
    Console,
    /// Nowhere.
    None,
}

/// Where metrics go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MetricsExporter {
    /// To whoever scrapes `/metrics`.
    #[default]
    Prometheus,
    /// Nowhere.
    None,
}

/// How a collector is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OtlpProtocol {
    /// gRPC over HTTP/2, without TLS.
    #[default]
    Grpc,
}

impl FromStr for OtlpProtocol {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        if name == "grpc" { Ok(Self::Grpc) } else { Err(()) }
    }
}

fn protocol<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OtlpProtocol, D::Error> {
    check::parse(deserializer, "grpc; only grpc is supported by this version")
}

/// Which traces are recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sampler {
    /// All.
    #[serde(rename = "always_on")]
    AlwaysOn,
    /// None.
    #[serde(rename = "always_off")]
    AlwaysOff,
    /// A share of them, [`Telemetry::sampler_arg`].
    #[serde(rename = "traceidratio")]
    TraceIdRatio,
    /// As the caller decided, or all.
    #[default]
    #[serde(rename = "parentbased_always_on")]
    ParentBasedAlwaysOn,
    /// As the caller decided, or none.
    #[serde(rename = "parentbased_always_off")]
    ParentBasedAlwaysOff,
    /// As the caller decided, or a share of them.
    #[serde(rename = "parentbased_traceidratio")]
    ParentBasedTraceIdRatio,
}

/// Which headers carry a caller's trace, written as a list: `tracecontext`, `baggage`, both, or `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Propagators {
    /// The W3C `traceparent` and `tracestate`.
    pub tracecontext: bool,
    /// The W3C `baggage`.
    pub baggage: bool,
}

impl Default for Propagators {
    fn default() -> Self {
        Self { tracecontext: true, baggage: true }
    }
}

impl FromStr for Propagators {
    type Err = ();

    fn from_str(list: &str) -> Result<Self, ()> {
        let mut propagators = Self { tracecontext: false, baggage: false };
        if list.trim() == "none" {
            return Ok(propagators);
        }
        for name in list.split(',') {
            match name.trim() {
                "tracecontext" => propagators.tracecontext = true,
                "baggage" => propagators.baggage = true,
                _ => return Err(()),
            }
        }
        Ok(propagators)
    }
}

impl<'de> Deserialize<'de> for Propagators {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        check::parse(deserializer, "a list of tracecontext and baggage, or none")
    }
}

impl Serialize for Propagators {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match (self.tracecontext, self.baggage) {
            (true, true) => "tracecontext,baggage",
            (true, false) => "tracecontext",
            (false, true) => "baggage",
            (false, false) => "none",
        })
    }
}
