//! Which traces are recorded: by a sampler that another can take the place of while the process runs.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use opentelemetry::trace::{Link, SpanKind, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::runtime;
use opentelemetry_sdk::trace::{Sampler, SamplingResult, ShouldSample};

use super::client::{HttpClient, Tls};
use super::error::TelemetryError;
use crate::config::{self, Exporter, RemoteSampling, SamplerArg};

/// How long the service that says which traces are recorded has to answer.
const REMOTE_TIMEOUT: Duration = Duration::from_secs(5);

/// The sampler in force.
#[derive(Clone, Debug)]
pub(super) struct CurrentSampler(Arc<ArcSwap<Sampler>>);

/// A sampler that can be put in force.
pub struct NewSampler(Sampler);

impl CurrentSampler {
    pub fn new(sampler: NewSampler) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(sampler.0)))
    }

    pub fn replace(&self, sampler: NewSampler) {
        self.0.store(Arc::new(sampler.0));
    }
}

impl ShouldSample for CurrentSampler {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        self.0.load().should_sample(parent, trace, name, kind, attributes, links)
    }
}

impl NewSampler {
    /// The one that is configured.
    pub fn of(config: &config::Telemetry) -> Result<Self, TelemetryError> {
        // Where nothing is exported, requests still get trace ids, which logs and answers carry.
        let is_exported = !config.disabled && config.traces_exporter != Exporter::None;
        Ok(Self(if is_exported { sampler(config)? } else { Sampler::AlwaysOff }))
    }
}

fn sampler(config: &config::Telemetry) -> Result<Sampler, TelemetryError> {
    let ratio = Sampler::TraceIdRatioBased(match config.sampler_arg {
        Some(SamplerArg::Ratio(ratio)) => ratio,
        _ => 1.0,
    });
    Ok(match config.sampler {
        config::Sampler::AlwaysOn => Sampler::AlwaysOn,
        config::Sampler::AlwaysOff => Sampler::AlwaysOff,
        config::Sampler::TraceIdRatio => ratio,
        config::Sampler::JaegerRemote => remote(config)?,
        config::Sampler::ParentBasedAlwaysOn => Sampler::ParentBased(Box::new(Sampler::AlwaysOn)),
        config::Sampler::ParentBasedAlwaysOff => Sampler::ParentBased(Box::new(Sampler::AlwaysOff)),
        config::Sampler::ParentBasedTraceIdRatio => Sampler::ParentBased(Box::new(ratio)),
        config::Sampler::ParentBasedJaegerRemote => Sampler::ParentBased(Box::new(remote(config)?)),
    })
}

/// A sampler that asks another service, and goes by its last answer.
fn remote(config: &config::Telemetry) -> Result<Sampler, TelemetryError> {
    let remote = match &config.sampler_arg {
        Some(SamplerArg::Remote(remote)) => remote.clone(),
        _ => RemoteSampling::default(),
    };
    let problem = |cause: String| TelemetryError::Sampler { endpoint: remote.endpoint.clone(), cause };
    let client = HttpClient::new(Tls::default().config().map_err(problem)?, REMOTE_TIMEOUT);
    let initial = Sampler::TraceIdRatioBased(remote.initial_sampling_rate);
    Sampler::jaeger_remote(runtime::Tokio, client, initial, config.service_name.clone())
        .with_endpoint(remote.endpoint.clone())
        .with_update_interval(Duration::from_millis(remote.polling_interval_ms))
        .build()
        .map_err(|error| problem(error.to_string()))
}
