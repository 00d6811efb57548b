//! The settings of traces and metrics, named and spelt as the OpenTelemetry specification has them.

use std::net::SocketAddr;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Environment;
use super::check::{self, Checked};
use super::otlp::{self, Otlp, OtlpOfSignal, Signal};
use super::propagation::{Propagators, TrustContext};
use super::sampling::{Sampler, SamplerArg};
use super::secret;

/// The longest time between two exports: a day.
const LONGEST_INTERVAL_MS: u64 = 24 * 60 * 60 * 1000;

/// What stands for the id of a trace in a URL.
pub const TRACE_ID: &str = "{trace_id}";

/// What the flight recorder may take, if it is on.
const LEAST_RECORDER_BYTES: usize = 256 << 10;
const MOST_RECORDER_BYTES: usize = 4 << 30;

/// How much is exported at once by default. A smaller queue makes it less, and is not refused for it.
const DEFAULT_BATCH: usize = 512;

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
    /// Where spans go (`OTEL_TRACES_EXPORTER`); [`Exporter::Otlp`] by default.
    #[serde(deserialize_with = "check::by_name")]
    pub traces_exporter: Exporter,
    /// Where metrics go (`OTEL_METRICS_EXPORTER`). Default `prometheus`.
    pub metrics_exporter: MetricsExporters,
    /// Where log lines go besides standard error (`OTEL_LOGS_EXPORTER`); [`Exporter::None`] by default.
    #[serde(deserialize_with = "check::by_name")]
    pub logs_exporter: Exporter,
    /// Whether the entries of the audit log go to the collector of the logs, as log records. Default false.
    pub audit_logs: bool,
    /// Which traces are recorded (`OTEL_TRACES_SAMPLER`); [`Sampler::ParentBasedAlwaysOn`] by default.
    #[serde(deserialize_with = "check::by_name")]
    pub sampler: Sampler,
    /// What the sampler has to know (`OTEL_TRACES_SAMPLER_ARG`): a share for the ratio samplers, a service for the remote
    /// ones. Default none, which means 1, or what [`super::RemoteSampling`] is by default.
    pub sampler_arg: Option<SamplerArg>,
    /// Which headers carry a caller's trace (`OTEL_PROPAGATORS`). Default `tracecontext,baggage`.
    pub propagators: Propagators,
    /// Whose trace context is believed. Default [`TrustContext::All`] in development and [`TrustContext::Proxies`]
    /// elsewhere.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "check::some_by_name")]
    pub trust_context: Option<TrustContext>,
    /// Attributes of a span at most (`OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT`, `OTEL_ATTRIBUTE_COUNT_LIMIT`). Default 128.
    pub span_attribute_limit: u32,
    /// Finished spans that may wait to be exported; more are dropped (`OTEL_BSP_MAX_QUEUE_SIZE`). Default 2048.
    pub span_queue: usize,
    /// Spans in one export at most (`OTEL_BSP_MAX_EXPORT_BATCH_SIZE`). Default 512.
    pub span_batch: usize,
    /// Milliseconds between two exports of spans (`OTEL_BSP_SCHEDULE_DELAY`). Default 5000.
    pub span_delay_ms: u64,
    /// Milliseconds until an export of spans is given up, with all its attempts (`OTEL_BSP_EXPORT_TIMEOUT`). Default 30000.
    pub span_timeout_ms: u64,
    /// Milliseconds between two exports of metrics (`OTEL_METRIC_EXPORT_INTERVAL`). Default 60000.
    pub metric_interval_ms: u64,
    /// Milliseconds until an export of metrics is given up, with all its attempts (`OTEL_METRIC_EXPORT_TIMEOUT`). Default
    /// 30000.
    pub metric_timeout_ms: u64,
    /// Whether pushed metrics count from the start or since the last push
    /// (`OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`); [`MetricTemporality::Cumulative`] by default.
    #[serde(deserialize_with = "check::by_name")]
    pub metric_temporality: MetricTemporality,
    /// Log records that may wait to be exported; more are dropped (`OTEL_BLRP_MAX_QUEUE_SIZE`). Default 2048.
    pub log_queue: usize,
    /// Log records in one export at most (`OTEL_BLRP_MAX_EXPORT_BATCH_SIZE`). Default 512.
    pub log_batch: usize,
    /// Milliseconds between two exports of log records (`OTEL_BLRP_SCHEDULE_DELAY`). Default 1000.
    pub log_delay_ms: u64,
    /// Milliseconds until an export of log records is given up, with all its attempts (`OTEL_BLRP_EXPORT_TIMEOUT`).
    /// Default 30000.
    pub log_timeout_ms: u64,
    /// A URL that answers with a status below 400 while the collector is well, such as that of its health check. It is
    /// asked for `/health/detailed`. Default none.
    pub collector_health_url: Option<String>,
    /// Where `/metrics` is served, when not with everything else; port 0 takes any free one. Default none.
    #[serde(deserialize_with = "listen")]
    pub metrics_listen: Option<SocketAddr>,
    /// What a scraper must send as bearer token. Default none: anyone may scrape.
    #[serde(serialize_with = "secret::masked")]
    pub metrics_token: Option<SecretString>,
    /// Tenants that keep their own label on metrics; the rest share `other`. Default 1000.
    pub tenant_label_limit: usize,
    /// Bytes that the flight recorder may take, which keeps what the last requests were like; 0 turns it off. Default
    /// 16777216.
    pub recorder_bytes: usize,
    /// Where people see a trace in another program, which the console then has a link to; `{trace_id}` stands for its id, as in
    /// `http://localhost:16686/trace/{trace_id}`. Default none.
    pub trace_url: Option<String>,
    /// Seconds that the last spans get to leave when the server stops. Default 5.
    pub shutdown_timeout_seconds: u64,
    /// The collector.
    pub otlp: Otlp,
    /// What is different for traces.
    pub otlp_traces: OtlpOfSignal,
    /// What is different for metrics.
    pub otlp_metrics: OtlpOfSignal,
    /// What is different for logs.
    pub otlp_logs: OtlpOfSignal,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            disabled: false,
            service_name: "ghostworks-api".into(),
            resource_attributes: String::new(),
            traces_exporter: Exporter::Otlp,
            metrics_exporter: MetricsExporters::default(),
            logs_exporter: Exporter::None,
            audit_logs: false,
            sampler: Sampler::default(),
            sampler_arg: None,
            propagators: Propagators::default(),
            trust_context: None,
            span_attribute_limit: 128,
            span_queue: 2048,
            span_batch: DEFAULT_BATCH,
            span_delay_ms: 5000,
            span_timeout_ms: 30_000,
            metric_interval_ms: 60_000,
            metric_timeout_ms: 30_000,
            metric_temporality: MetricTemporality::Cumulative,
            log_queue: 2048,
            log_batch: DEFAULT_BATCH,
            log_delay_ms: 1000,
            log_timeout_ms: 30_000,
            collector_health_url: None,
            metrics_listen: None,
            metrics_token: None,
            tenant_label_limit: 1000,
            recorder_bytes: 16 << 20,
            trace_url: None,
            shutdown_timeout_seconds: 5,
            otlp: Otlp::default(),
            otlp_traces: OtlpOfSignal::default(),
            otlp_metrics: OtlpOfSignal::default(),
            otlp_logs: OtlpOfSignal::default(),
        }
    }
}

impl Telemetry {
    /// How the collector of a signal is spoken to; its endpoint is there in any case.
    pub fn otlp(&self, signal: Signal) -> Otlp {
        let own = match signal {
            Signal::Traces => &self.otlp_traces,
            Signal::Metrics => &self.otlp_metrics,
            Signal::Logs => &self.otlp_logs,
        };
        self.otlp.for_signal(signal, own)
    }

    /// Milliseconds until an export of a signal is given up.
    pub fn export_timeout_ms(&self, signal: Signal) -> u64 {
        match signal {
            Signal::Traces => self.span_timeout_ms,
            Signal::Metrics => self.metric_timeout_ms,
            Signal::Logs => self.log_timeout_ms,
        }
    }

    /// Whose trace context is believed in `environment`.
    pub fn trust_context(&self, environment: Environment) -> TrustContext {
        self.trust_context.unwrap_or(match environment {
            Environment::Development => TrustContext::All,
            Environment::Staging | Environment::Production => TrustContext::Proxies,
        })
    }

    /// The attributes of the resource, decoded.
    pub fn resource_pairs(&self) -> impl Iterator<Item = (&str, String)> {
        self.resource_attributes.split(',').filter_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
            Some((key.trim(), value.into_owned()))
        })
    }

    /// A `service.name` among the attributes of the resource is better than the default.
    pub(super) fn take_service_name(&mut self) {
        let named = self.resource_pairs().find(|(key, _)| *key == "service.name").map(|(_, name)| name);
        if let Some(name) = named {
            self.service_name = name;
        }
    }

    pub(super) fn check(&self) -> Checked {
        check::one_line("telemetry.service_name", &self.service_name)?;
        check::ensure(
            "telemetry.resource_attributes",
            self.resource_attributes.is_empty() || self.resource_attributes.split(',').all(is_attribute),
            "expected key=value,key=value",
        )?;
        self.otlp.check()?;
        self.otlp_traces.check(&otlp::TRACES_KEYS)?;
        self.otlp_metrics.check(&otlp::METRICS_KEYS)?;
        self.otlp_logs.check(&otlp::LOGS_KEYS)?;
        check::within("telemetry.span_queue", self.span_queue, 1..=1_000_000)?;
        check::within("telemetry.span_batch", self.span_batch, 1..=self.span_queue.max(DEFAULT_BATCH))?;
        check::within("telemetry.span_attribute_limit", self.span_attribute_limit, 0..=10_000)?;
        check::within("telemetry.span_delay_ms", self.span_delay_ms, 1..=LONGEST_INTERVAL_MS)?;
        check::within("telemetry.span_timeout_ms", self.span_timeout_ms, 1..=LONGEST_INTERVAL_MS)?;
        check::within("telemetry.metric_interval_ms", self.metric_interval_ms, 1..=LONGEST_INTERVAL_MS)?;
        check::within("telemetry.metric_timeout_ms", self.metric_timeout_ms, 1..=LONGEST_INTERVAL_MS)?;
        check::within("telemetry.log_queue", self.log_queue, 1..=1_000_000)?;
        check::within("telemetry.log_batch", self.log_batch, 1..=self.log_queue.max(DEFAULT_BATCH))?;
        check::within("telemetry.log_delay_ms", self.log_delay_ms, 1..=LONGEST_INTERVAL_MS)?;
        check::within("telemetry.log_timeout_ms", self.log_timeout_ms, 1..=LONGEST_INTERVAL_MS)?;
        let is_url = self.collector_health_url.as_deref().is_none_or(otlp::is_url);
        check::ensure("telemetry.collector_health_url", is_url, "expected a URL, such as http://otelcol:13133/")?;
        if let Some(argument) = &self.sampler_arg {
            argument.check(self.sampler)?;
        }
        check::token("telemetry.metrics_token", self.metrics_token.as_ref())?;
        check::within("telemetry.tenant_label_limit", self.tenant_label_limit, 1..=1_000_000)?;
        if self.recorder_bytes != 0 {
            check::within("telemetry.recorder_bytes", self.recorder_bytes, LEAST_RECORDER_BYTES..=MOST_RECORDER_BYTES)?;
        }
        let is_page = self.trace_url.as_deref().is_none_or(|url| otlp::is_url(url) && url.contains(TRACE_ID));
        check::ensure("telemetry.trace_url", is_page, "expected a URL with {trace_id} in it")?;
        check::seconds("telemetry.shutdown_timeout_seconds", self.shutdown_timeout_seconds)
    }
}

fn is_attribute(pair: &str) -> bool {
    !pair.contains(char::is_control) && pair.split_once('=').is_some_and(|(key, _)| !key.trim().is_empty())
}

fn listen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    check::parse(deserializer, "an IP address and a port, such as 127.0.0.1:9464").map(Some)
}

/// Where spans or log lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Exporter {
    /// To a collector.
    Otlp,
    /// To standard output, for a look.
    Console,
    /// Nowhere.
    None,
}

/// Since when pushed metrics count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MetricTemporality {
    /// Since the start of the process.
    Cumulative,
    /// Since the last push, but for what goes up and down.
    Delta,
    /// Whichever takes less memory.
    LowMemory,
}

/// Where metrics go, written as a list: `prometheus`, `otlp`, `console`, several of them, or `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricsExporters {
    /// For scrapes of `/metrics`.
    pub prometheus: bool,
    /// To a collector.
    pub otlp: bool,
    /// To standard output, for a look.
    pub console: bool,
}

impl MetricsExporters {
    /// Nowhere.
    const NONE: Self = Self { prometheus: false, otlp: false, console: false };
}

impl Default for MetricsExporters {
    fn default() -> Self {
        Self { prometheus: true, ..Self::NONE }
    }
}

impl FromStr for MetricsExporters {
    type Err = ();

    fn from_str(list: &str) -> Result<Self, ()> {
        let mut exporters = Self::NONE;
        if list.trim() == "none" {
            return Ok(exporters);
        }
        for name in list.split(',') {
            match name.trim() {
                "prometheus" => exporters.prometheus = true,
                "otlp" => exporters.otlp = true,
                "console" => exporters.console = true,
                _ => return Err(()),
            }
        }
        Ok(exporters)
    }
}

impl<'de> Deserialize<'de> for MetricsExporters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        check::parse(deserializer, "a list of prometheus, otlp and console, or none")
    }
}

impl Serialize for MetricsExporters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&check::names_or_none([
            (self.prometheus, "prometheus"),
            (self.otlp, "otlp"),
            (self.console, "console"),
        ]))
    }
}
