//! A sampler that asks another service which traces are recorded (`jaeger_remote`), and goes by its last answer.
//!
//! The SDK's records nothing when a rate is set, decides again about every span of a trace, and says nothing of errors.

use std::sync::{Arc, Weak};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use opentelemetry::trace::{Link, SpanContext, SpanKind, TraceContextExt as _, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{Bytes, Request};
use opentelemetry_sdk::trace::{Sampler, SamplingResult, ShouldSample};
use tracing::Level;

use super::strategy::{Answer, Choice, Strategy};
use crate::config::RemoteSampling;
use crate::telemetry::client::{HttpClient, Tls, with_causes};

/// How long the service has to answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Goes by what a service says.
#[derive(Clone, Debug)]
pub(super) struct RemoteSampler(Arc<Known>);

#[derive(Debug)]
struct Known {
    /// None until the service has answered.
    strategy: ArcSwapOption<Strategy>,
    /// The share of traces that is recorded until then.
    initial: f64,
}

impl RemoteSampler {
    /// One that asks for as long as it is there. Must be made on a runtime.
    pub fn new(remote: &RemoteSampling, service_name: &str) -> Result<Self, String> {
        let service = form_urlencoded::Serializer::new(String::new()).append_pair("service", service_name).finish();
        let joined = if remote.endpoint.contains('?') { '&' } else { '?' };
        let known = Arc::new(Known { strategy: ArcSwapOption::empty(), initial: remote.initial_sampling_rate });
        let service = Service {
            url: format!("{}{joined}{service}", remote.endpoint),
            endpoint: remote.endpoint.clone(),
            client: HttpClient::new(Tls::default().config()?),
            last: None,
            is_told: false,
            is_failing: false,
        };
        let every = Duration::from_millis(remote.polling_interval_ms);
        tokio::spawn(service.ask_for(Arc::downgrade(&known), every));
        Ok(Self(known))
    }
}

impl ShouldSample for RemoteSampler {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let decided = |sampler: Sampler| sampler.should_sample(parent, trace, name, kind, attributes, links);
        // It is decided once for a trace, or a rate would be used up by its inner spans.
        let within = parent.map(|parent| parent.span().span_context().clone()).filter(SpanContext::is_valid);
        if let Some(span) = within.filter(|span| !span.is_remote()) {
            return decided(if span.is_sampled() { Sampler::AlwaysOn } else { Sampler::AlwaysOff });
        }
        let strategy = self.0.strategy.load();
        let choice = strategy.as_ref().map_or(Choice::InShare(self.0.initial), |strategy| strategy.choose(name));
        decided(match choice {
            Choice::Recorded => Sampler::AlwaysOn,
            Choice::InShare(share) => Sampler::TraceIdRatioBased(share),
        })
    }
}

/// The service that is asked.
struct Service {
    url: String,
    /// The same as it is configured, for the log.
    endpoint: String,
    client: HttpClient,
    last: Option<Answer>,
    /// Whether the log has that.
    is_told: bool,
    is_failing: bool,
}

impl Service {
    /// Asks again and again, until the sampler is gone.
    async fn ask_for(mut self, known: Weak<Known>, every: Duration) {
        loop {
            let answered = self.ask().await;
            let Some(known) = known.upgrade() else { return };
            match answered {
                Ok(answer) => self.obey(answer, &known),
                Err(error) => self.fails(&error),
            }
            drop(known);
            tokio::time::sleep(every).await;
        }
    }

    async fn ask(&self) -> Result<Answer, String> {
        let request = Request::get(&self.url).body(Bytes::new()).map_err(|error| error.to_string())?;
        let answer = self.client.send(request, TIMEOUT).await.map_err(|error| with_causes(&*error))?;
        if !answer.status().is_success() {
            return Err(format!("it answered {}", answer.status()));
        }
        serde_json::from_slice(answer.body()).map_err(|error| format!("it answered something else: {error}"))
    }

    fn obey(&mut self, answer: Answer, known: &Known) {
        let Some(strategy) = answer.strategy() else {
            return self.fails("it answered without a strategy");
        };
        let endpoint = &self.endpoint;
        if std::mem::take(&mut self.is_failing) {
            tracing::info!(endpoint, "the sampling service answers again");
        }
        let is_new = self.last.as_ref() != Some(&answer);
        // The first answer may come before there is a log.
        if is_new || !self.is_told {
            tracing::info!(endpoint, %strategy, "traces are recorded as the sampling service says");
            self.is_told = tracing::enabled!(Level::INFO);
        }
        // What is left of a rate goes on to count.
        if is_new {
            known.strategy.store(Some(Arc::new(strategy)));
            self.last = Some(answer);
        }
    }

    fn fails(&mut self, error: &str) {
        if tracing::enabled!(Level::WARN) && !std::mem::replace(&mut self.is_failing, true) {
            let (endpoint, holds) =
                (&self.endpoint, if self.last.is_some() { "its last answer" } else { "the initial rate" });
            tracing::warn!(
                endpoint,
                error,
                "the sampling service does not say which traces are recorded; {holds} holds"
            );
        }
    }
}
