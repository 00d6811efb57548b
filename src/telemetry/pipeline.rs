//! From configuration to a running pipeline, and back down within a deadline.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::metrics::{Meter, MeterProvider as _};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::{self, BatchLogProcessor, SdkLoggerProvider};
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{self, BatchSpanProcessor, SdkTracerProvider, SimpleSpanProcessor, SpanProcessor};
use prometheus::{Encoder as _, TextEncoder};
use uuid::Uuid;

use super::audit::AuditLog;
use super::collector::CollectorHealth;
use super::error::TelemetryError;
use super::export::{self, Bounded, Leaving};
use super::history::History;
use super::metrics::{AllExports, Exemplars, Metrics, register_recorder, view};
use super::outbound::Outbound;
use super::propagation::Propagator;
use super::recorder::{AlsoRecording, Recorded, Recorder};
use super::resource::{resource, scope};
use super::sampling::{CurrentSampler, NewSampler};
use super::{Telemetry, openmetrics};
use crate::config::{self, Environment, Exporter, Signal};
use crate::domain::SystemEntropy;

/// How much of the flight recorder's bytes is for log lines: one part in sixteen.
const LOG_SHARE: usize = 16;

/// The providers behind [`Telemetry`], kept to flush and close them.
pub struct Pipeline {
    tracer_provider: Option<SdkTracerProvider>,
    meter_provider: SdkMeterProvider,
    logger_provider: Option<SdkLoggerProvider>,
    registry: prometheus::Registry,
    exemplars: Arc<Exemplars>,
    shutdown_timeout: Duration,
    sampler: CurrentSampler,
    log_bytes: usize,
}

impl Pipeline {
    /// Starts the pipeline. Must be called on a multi-thread tokio runtime, which the gRPC exporter runs on.
    pub fn start(
        config: &config::Telemetry,
        environment: Environment,
        instance: Uuid,
    ) -> Result<(Self, Telemetry), TelemetryError> {
        let resource = resource(config, environment.as_str(), instance);
        let registry = prometheus::Registry::new();
        let exports = AllExports::default();
        let meter_provider = meter_provider(config, resource.clone(), &registry, &exports)?;
        let meter = meter_provider.meter_with_scope(scope());
        exports.declare(&meter);
        let recorder = recorder(config, &resource, &meter);
        let history = recorder.as_ref().map(|_| Arc::new(History::new(exports.clone())));
        let sampler = CurrentSampler::new(NewSampler::of(config)?);
        let tracer_provider =
            tracer_provider(config, resource.clone(), &exports, recorder.as_deref(), sampler.clone())?;
        let audit_log = AuditLog::new(config, &resource, &exports)?;
        let logger_provider = logger_provider(config, resource, &exports)?;
        let telemetry = Telemetry {
            tracer: tracer_provider.as_ref().map(|provider| provider.tracer_with_scope(scope())),
            propagator: Propagator::new(config.propagators, config.trust_context(environment)),
            metrics: Metrics::new(&meter, config.tenant_label_limit, environment.as_str()),
            outbound: Outbound::new(&meter),
            exports,
            recorder,
            history,
            audit_log,
            collector: config.collector_health_url.clone().map(CollectorHealth::new),
        };
        let shutdown_timeout = Duration::from_secs(config.shutdown_timeout_seconds);
        let exemplars = telemetry.metrics.exemplars().clone();
        let log_bytes = if telemetry.recorder.is_some() { config.recorder_bytes / LOG_SHARE } else { 0 };
        let pipeline = Self {
            tracer_provider,
            meter_provider,
            logger_provider,
            registry,
            exemplars,
            shutdown_timeout,
            sampler,
            log_bytes,
        };
        Ok((pipeline, telemetry))
    }

    /// Where log lines go besides standard error, if anywhere.
    pub fn logger_provider(&self) -> Option<&SdkLoggerProvider> {
        self.logger_provider.as_ref()
    }

    /// How many bytes of log lines are kept; 0 when the flight recorder is off.
    pub fn log_bytes(&self) -> usize {
        self.log_bytes
    }

    /// Records traces as another sampler decides from now on.
    pub fn set_sampler(&self, sampler: NewSampler) {
        self.sampler.replace(sampler);
    }

    /// All metrics in the Prometheus text format.
    pub fn render_metrics(&self) -> Result<String, TelemetryError> {
        let mut text = Vec::new();
        TextEncoder::new()
            .encode(&self.registry.gather(), &mut text)
            .map_err(|error| TelemetryError::Metrics(error.to_string()))?;
        String::from_utf8(text).map_err(|error| TelemetryError::Metrics(error.to_string()))
    }

    /// All metrics in the OpenMetrics text format, with traces of recent requests.
    pub fn render_openmetrics(&self) -> String {
        openmetrics::write(&self.registry.gather(), &self.exemplars)
    }

    /// Sends what is left, for as long as the shutdown timeout. The SDK's own timeouts don't bound a call in
    /// flight, so it flushes on a thread that is left behind when it is late.
    pub async fn shut_down(&self) {
        let timeout = self.shutdown_timeout;
        let (traces, metrics, logs) =
            (self.tracer_provider.clone(), self.meter_provider.clone(), self.logger_provider.clone());
        // A failure was warned of by the exporter. The signals are independent: each may have a collector of its own.
        let all = futures_util::future::join3(
            on_a_thread(move || traces.map(|provider| provider.shutdown_with_timeout(timeout))),
            on_a_thread(move || metrics.shutdown_with_timeout(timeout)),
            on_a_thread(move || logs.map(|provider| provider.shutdown_with_timeout(timeout))),
        );
        if tokio::time::timeout(timeout, all).await.is_err() {
            tracing::info!("the collector did not take the last telemetry in time; it is lost");
        }
    }
}

/// Does `work` on a thread of its own, which is left behind when the caller stops waiting.
async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) {
    let (done, is_done) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || done.send(work()).is_ok());
    // A thread that panicked has ended as well.
    let _ = is_done.await;
}

fn tracer_provider(
    config: &config::Telemetry,
    resource: Resource,
    exports: &AllExports,
    recorder: Option<&Recorder>,
    sampler: CurrentSampler,
) -> Result<Option<SdkTracerProvider>, TelemetryError> {
    if config.disabled {
        return Ok(None);
    }
    let builder =
        SdkTracerProvider::builder().with_resource(resource).with_max_attributes_per_span(config.span_attribute_limit);
    let exported: Option<Box<dyn SpanProcessor>> = match config.traces_exporter {
        Exporter::None => None,
        Exporter::Console => Some(Box::new(SimpleSpanProcessor::new(opentelemetry_stdout::SpanExporter::default()))),
        Exporter::Otlp => Some(Box::new(spans_in_batches(config, exports)?)),
    };
    let builder = match recorder {
        Some(recorder) => builder.with_sampler(AlsoRecording::new(sampler, recorder.full().clone())),
        None => builder.with_sampler(sampler),
    };
    let full = recorder.map(|recorder| recorder.full().clone());
    Ok(Some(builder.with_span_processor(Recorded::new(full, exported)).build()))
}

/// The flight recorder, unless it is off.
fn recorder(config: &config::Telemetry, resource: &Resource, meter: &Meter) -> Option<Arc<Recorder>> {
    if config.disabled || config.recorder_bytes == 0 {
        return None;
    }
    let bytes = config.recorder_bytes - config.recorder_bytes / LOG_SHARE;
    let recorder = Arc::new(Recorder::new(bytes, resource.clone(), &SystemEntropy));
    register_recorder(meter, &recorder);
    Some(recorder)
}

fn spans_in_batches(
    config: &config::Telemetry,
    exports: &AllExports,
) -> Result<Bounded<BatchSpanProcessor>, TelemetryError> {
    let exports = exports.of(Signal::Traces);
    let batches = trace::BatchConfigBuilder::default()
        .with_max_queue_size(config.span_queue)
        .with_max_export_batch_size(config.span_batch.min(config.span_queue))
        .with_scheduled_delay(Duration::from_millis(config.span_delay_ms))
        .build();
    let exporter = Leaving::new(export::exporter(config, Signal::Traces, exports)?, exports.clone());
    let processor = BatchSpanProcessor::builder(exporter).with_batch_config(batches).build();
    Ok(Bounded::new(processor, config.span_queue, exports.clone()))
}

/// None when log lines go to standard error alone.
fn logger_provider(
    config: &config::Telemetry,
    resource: Resource,
    exports: &AllExports,
) -> Result<Option<SdkLoggerProvider>, TelemetryError> {
    let builder = SdkLoggerProvider::builder().with_resource(resource);
    Ok(match config.logs_exporter {
        _ if config.disabled => None,
        Exporter::None => None,
        Exporter::Console => Some(builder.with_simple_exporter(opentelemetry_stdout::LogExporter::default()).build()),
        Exporter::Otlp => Some(builder.with_log_processor(logs_in_batches(config, exports)?).build()),
    })
}

fn logs_in_batches(
    config: &config::Telemetry,
    exports: &AllExports,
) -> Result<Bounded<BatchLogProcessor>, TelemetryError> {
    let exports = exports.of(Signal::Logs);
    let batches = logs::BatchConfigBuilder::default()
        .with_max_queue_size(config.log_queue)
        .with_max_export_batch_size(config.log_batch.min(config.log_queue))
        .with_scheduled_delay(Duration::from_millis(config.log_delay_ms))
        .build();
    let exporter = Leaving::new(export::exporter(config, Signal::Logs, exports)?, exports.clone());
    let processor = BatchLogProcessor::builder(exporter).with_batch_config(batches).build();
    Ok(Bounded::new(processor, config.log_queue, exports.clone()))
}

fn meter_provider(
    config: &config::Telemetry,
    resource: Resource,
    registry: &prometheus::Registry,
    exports: &AllExports,
) -> Result<SdkMeterProvider, TelemetryError> {
    let failed = |error: &dyn std::fmt::Display| TelemetryError::Metrics(error.to_string());
    let mut builder = SdkMeterProvider::builder().with_resource(resource).with_view(view(config.tenant_label_limit));
    if config.disabled {
        return Ok(builder.build());
    }
    let interval = Duration::from_millis(config.metric_interval_ms);
    if config.metrics_exporter.prometheus {
        registry
            .register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))
            .map_err(|error| failed(&error))?;
        let exporter = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .scope_info_enabled(false)
            .build()
            .map_err(|error| failed(&error))?;
        builder = builder.with_reader(exporter);
    }
    if config.metrics_exporter.otlp {
        let exporter = export::exporter(config, Signal::Metrics, exports.of(Signal::Metrics))?;
        builder = builder.with_reader(PeriodicReader::builder(exporter).with_interval(interval).build());
    }
    if config.metrics_exporter.console {
        let exporter = opentelemetry_stdout::MetricExporter::default();
        builder = builder.with_reader(PeriodicReader::builder(exporter).with_interval(interval).build());
    }
    Ok(builder.build())
}
