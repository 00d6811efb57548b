//! Which traces are recorded for the flight recorder alone: those it chooses that the sampler does not. They are not sampled:
//! nothing of them is exported, and the trace context sent to others says so.

use std::sync::Arc;

use opentelemetry::trace::{Link, SpanKind, TraceContextExt as _, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample};

use super::FullTraces;

/// A sampler that also has the chosen recorded.
#[derive(Clone, Debug)]
pub(in crate::telemetry) struct AlsoRecording<S> {
    sampler: S,
    full: Arc<FullTraces>,
}

impl<S> AlsoRecording<S> {
    pub fn new(sampler: S, full: Arc<FullTraces>) -> Self {
        Self { sampler, full }
    }
}

impl<S: ShouldSample + Clone + 'static> ShouldSample for AlsoRecording<S> {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let result = self.sampler.should_sample(parent, trace, name, kind, attributes, links);
        if *kind == SpanKind::Server {
            // Only of a caller that is trusted there is a parent.
            let is_asked = parent.is_some_and(|parent| parent.span().span_context().is_sampled());
            self.full.begin(trace, is_asked);
        }
        match result.decision {
            SamplingDecision::Drop if self.full.is_chosen(trace) => {
                SamplingResult { decision: SamplingDecision::RecordOnly, ..result }
            }
            _ => result,
        }
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_sdk::trace::Sampler;

    use super::*;

    #[test]
    fn what_is_chosen_is_recorded_and_not_sampled() {
        let decide = |sampler: Sampler, kind: SpanKind| {
            let also = AlsoRecording::new(sampler, Arc::new(FullTraces::new(1 << 20)));
            also.should_sample(None, 1.into(), "GET", &kind, &[], &[]).decision
        };
        assert_eq!(decide(Sampler::AlwaysOff, SpanKind::Server), SamplingDecision::RecordOnly);
        assert_eq!(decide(Sampler::AlwaysOff, SpanKind::Internal), SamplingDecision::Drop);
        assert_eq!(decide(Sampler::AlwaysOn, SpanKind::Server), SamplingDecision::RecordAndSample);
    }
}
