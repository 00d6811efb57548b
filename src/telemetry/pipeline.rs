//! From configuration to a running pipeline, and back down within a deadline.

use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{BatchSpanProcessor, Sampler, SdkTracerProvider};
use prometheus::{Encoder as _, TextEncoder};
use thiserror::Error;
use uuid::Uuid;

use super::Telemetry;
use super::exporter::{Watched, without_credentials};
use super::metrics::{Metrics, view};
use super::propagation::Propagator;
use super::resource::resource;
use crate::config::{self, Environment, MetricsExporter, TracesExporter};

/// Why telemetry can't start.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// The trace exporter can't be built, most likely because of its endpoint.
    #[error(
        "can't export traces to {endpoint}: {cause}; set OTEL_EXPORTER_OTLP_ENDPOINT to an http:// URL, or OTEL_TRACES_EXPORTER=none"
    )]
    Exporter {
        /// Where the traces should go.
        endpoint: String,
        /// What the exporter said.
        cause: String,
    },
    /// The metrics can't be collected.
    #[error("can't collect metrics: {0}")]
    Metrics(String),
}

/// The providers behind [`Telemetry`], kept to flush and close them.
pub struct Pipeline {
    tracer_provider: Option<SdkTracerProvider>,
    meter_provider: SdkMeterProvider,
    registry: prometheus::Registry,
    shutdown_timeout: Duration,
}

impl Pipeline {
    /// Starts the pipeline. Must be called on a multi-thread tokio runtime, which the gRPC exporter runs on.
    pub fn start(
        config: &config::Telemetry,
        environment: Environment,
        instance: Uuid,
    ) -> Result<(Self, Telemetry), TelemetryError> {
        let resource = resource(config, environment.as_str(), instance);
        let tracer_provider = tracer_provider(config, resource.clone())?;
        let registry = prometheus::Registry::new();
        let meter_provider = meter_provider(config, resource, &registry)?;
        let telemetry = Telemetry {
            tracer: tracer_provider.as_ref().map(|provider| provider.tracer("ghostworks")),
            propagator: Propagator::new(&config.propagators),
            metrics: Metrics::new(&meter_provider, config.tenant_label_limit, environment.as_str()),
        };
        let shutdown_timeout = Duration::from_secs(config.shutdown_timeout_seconds);
        Ok((Self { tracer_provider, meter_provider, registry, shutdown_timeout }, telemetry))
    }

    /// All metrics in the Prometheus text format.
    pub fn render_metrics(&self) -> Result<String, TelemetryError> {
        let mut text = Vec::new();
        TextEncoder::new()
            .encode(&self.registry.gather(), &mut text)
            .map_err(|error| TelemetryError::Metrics(error.to_string()))?;
        String::from_utf8(text).map_err(|error| TelemetryError::Metrics(error.to_string()))
    }

    /// Sends what is left, for as long as the shutdown timeout. The SDK's own timeouts don't bound a call in
    /// flight, so it flushes on a thread that is left behind when it is late.
    pub async fn shut_down(&self) {
        let (tracer_provider, meter_provider) = (self.tracer_provider.clone(), self.meter_provider.clone());
        let timeout = self.shutdown_timeout;
        let (done, is_done) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            if let Some(provider) = tracer_provider {
                // A failure was warned of by the exporter.
                let _ = provider.shutdown_with_timeout(timeout);
            }
            let _ = meter_provider.shutdown();
            let _ = done.send(());
        });
        if tokio::time::timeout(timeout, is_done).await.is_err() {
            tracing::info!("the collector did not take the last traces in time; they are lost");
        }
    }
}

fn tracer_provider(
    config: &config::Telemetry,
    resource: Resource,
) -> Result<Option<SdkTracerProvider>, TelemetryError> {
    if config.disabled {
        return Ok(None);
    }
    let builder = SdkTracerProvider::builder().with_resource(resource).with_sampler(sampler(config));
    let provider = match config.traces_exporter {
        // Nothing is recorded, but requests still get trace ids, which logs and answers carry.
        TracesExporter::None => builder.with_sampler(Sampler::AlwaysOff),
        TracesExporter::Console => builder.with_simple_exporter(opentelemetry_stdout::SpanExporter::default()),
        TracesExporter::Otlp => {
            let endpoint = config.traces_endpoint().to_owned();
            let exporter = SpanExporter::builder().with_tonic().with_endpoint(&endpoint).build().map_err(|error| {
                TelemetryError::Exporter { endpoint: without_credentials(&endpoint), cause: error.to_string() }
            })?;
            let watched = Watched::new(exporter, without_credentials(&endpoint));
            builder.with_span_processor(BatchSpanProcessor::builder(watched).build())
        }
    };
    Ok(Some(provider.build()))
}

fn sampler(config: &config::Telemetry) -> Sampler {
    let ratio = Sampler::TraceIdRatioBased(config.sampler_arg.unwrap_or(1.0));
    match config.sampler {
        config::Sampler::AlwaysOn => Sampler::AlwaysOn,
        config::Sampler::AlwaysOff => Sampler::AlwaysOff,
        config::Sampler::TraceIdRatio => ratio,
        config::Sampler::ParentBasedAlwaysOn => Sampler::ParentBased(Box::new(Sampler::AlwaysOn)),
        config::Sampler::ParentBasedAlwaysOff => Sampler::ParentBased(Box::new(Sampler::AlwaysOff)),
        config::Sampler::ParentBasedTraceIdRatio => Sampler::ParentBased(Box::new(ratio)),
    }
}

fn meter_provider(
    config: &config::Telemetry,
    resource: Resource,
    registry: &prometheus::Registry,
) -> Result<SdkMeterProvider, TelemetryError> {
    let failed = |error: &dyn std::fmt::Display| TelemetryError::Metrics(error.to_string());
    let builder = SdkMeterProvider::builder().with_resource(resource).with_view(view(config.tenant_label_limit));
    if config.disabled || config.metrics_exporter == MetricsExporter::None {
        return Ok(builder.build());
    }
    registry
        .register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))
        .map_err(|error| failed(&error))?;
    let exporter = opentelemetry_prometheus::exporter()
        .with_registry(registry.clone())
        .scope_info_enabled(false)
        .build()
        .map_err(|error| failed(&error))?;
    Ok(builder.with_reader(exporter).build())
}
