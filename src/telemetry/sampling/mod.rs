//! Which traces are recorded: by a sampler that another can take the place of while the process runs.

mod remote;
mod strategy;

use std::sync::Arc;

use arc_swap::ArcSwap;
use opentelemetry::trace::{Link, SpanKind, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{Sampler, SamplingResult, ShouldSample};

use self::remote::RemoteSampler;
use super::error::TelemetryError;
use crate::config::{self, Exporter, RemoteSampling, SamplerArg};

/// The sampler in force.
#[derive(Clone, Debug)]
pub(super) struct CurrentSampler(Arc<ArcSwap<Box<dyn ShouldSample>>>);

/// A sampler that can be put in force.
pub struct NewSampler(Box<dyn ShouldSample>);

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
        Ok(Self(if is_exported { sampler(config)? } else { Box::new(Sampler::AlwaysOff) }))
    }
}

fn sampler(config: &config::Telemetry) -> Result<Box<dyn ShouldSample>, TelemetryError> {
    let ratio = Sampler::TraceIdRatioBased(match config.sampler_arg {
        Some(SamplerArg::Ratio(ratio)) => ratio,
        _ => 1.0,
    });
    let parent_based = |sampler: Box<dyn ShouldSample>| Box::new(Sampler::ParentBased(sampler));
    let sampler: Box<dyn ShouldSample> = match config.sampler {
        config::Sampler::AlwaysOn => Box::new(Sampler::AlwaysOn),
        config::Sampler::AlwaysOff => Box::new(Sampler::AlwaysOff),
        config::Sampler::TraceIdRatio => Box::new(ratio),
        config::Sampler::JaegerRemote => Box::new(remote(config)?),
        config::Sampler::ParentBasedAlwaysOn => parent_based(Box::new(Sampler::AlwaysOn)),
        config::Sampler::ParentBasedAlwaysOff => parent_based(Box::new(Sampler::AlwaysOff)),
        config::Sampler::ParentBasedTraceIdRatio => parent_based(Box::new(ratio)),
        config::Sampler::ParentBasedJaegerRemote => parent_based(Box::new(remote(config)?)),
    };
    Ok(sampler)
}

/// A sampler that asks another service, and goes by its last answer.
fn remote(config: &config::Telemetry) -> Result<RemoteSampler, TelemetryError> {
    let remote = match &config.sampler_arg {
        Some(SamplerArg::Remote(remote)) => remote.clone(),
        _ => RemoteSampling::default(),
    };
    RemoteSampler::new(&remote, &config.service_name)
        .map_err(|cause| TelemetryError::Sampler { endpoint: remote.endpoint.clone(), cause })
}
