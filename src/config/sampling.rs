//! Which traces are recorded, as the OpenTelemetry specification has it.

use std::fmt::{self, Display};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::check::{self, Checked};
use super::otlp;

const KEY: &str = "telemetry.sampler_arg";
const REMOTE: &str = "expected endpoint=URL,pollingIntervalMs=NUMBER,initialSamplingRate=NUMBER, or some of them";
/// The longest time between two questions: a day.
const LONGEST_INTERVAL_MS: u64 = 24 * 60 * 60 * 1000;

/// Which traces are recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sampler {
    /// All.
    #[serde(rename = "always_on")]
    AlwaysOn,
    /// None.
    #[serde(rename = "always_off")]
    AlwaysOff,
    /// A share of them, [`SamplerArg::Ratio`].
    #[serde(rename = "traceidratio")]
    TraceIdRatio,
    /// As another service says, [`SamplerArg::Remote`].
    #[serde(rename = "jaeger_remote")]
    JaegerRemote,
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
    /// As the caller decided, or as another service says.
    #[serde(rename = "parentbased_jaeger_remote")]
    ParentBasedJaegerRemote,
}

/// What a sampler has to know.
#[derive(Clone, Debug, PartialEq)]
pub enum SamplerArg {
    /// The share of traces that is recorded, 0 to 1.
    Ratio(f64),
    /// Who says which are.
    Remote(RemoteSampling),
}

/// A service that says which traces are recorded, by Jaeger's protocol over HTTP. Written as
/// `endpoint=http://localhost:5778/sampling,pollingIntervalMs=60000,initialSamplingRate=0.001`.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoteSampling {
    /// Where it is asked.
    pub endpoint: String,
    /// How often, in milliseconds.
    pub polling_interval_ms: u64,
    /// The share of traces that is recorded until it has answered, 0 to 1.
    pub initial_sampling_rate: f64,
}

impl Default for RemoteSampling {
    fn default() -> Self {
        Self {
            endpoint: "http://localhost:5778/sampling".to_owned(),
            polling_interval_ms: 60_000,
            initial_sampling_rate: 0.001,
        }
    }
}

impl SamplerArg {
    /// Whether it is one for this sampler.
    pub(super) fn check(&self, sampler: Sampler) -> Checked {
        let is_remote = matches!(sampler, Sampler::JaegerRemote | Sampler::ParentBasedJaegerRemote);
        match self {
            Self::Ratio(ratio) => {
                check::within(KEY, *ratio, 0.0..=1.0)?;
                check::ensure(KEY, !is_remote, REMOTE)
            }
            Self::Remote(remote) => {
                check::ensure(KEY, is_remote, "expected a number")?;
                check::ensure(KEY, otlp::is_url(&remote.endpoint), REMOTE)?;
                check::within(KEY, remote.polling_interval_ms, 1..=LONGEST_INTERVAL_MS)?;
                check::within(KEY, remote.initial_sampling_rate, 0.0..=1.0)
            }
        }
    }
}

impl FromStr for SamplerArg {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !text.contains('=') {
            return text.parse().map(Self::Ratio).map_err(|_| "expected a number");
        }
        let mut remote = RemoteSampling::default();
        for pair in text.split(',') {
            let (name, value) = pair.split_once('=').ok_or(REMOTE)?;
            match (name.trim(), value.trim()) {
                ("endpoint", value) => remote.endpoint = value.to_owned(),
                ("pollingIntervalMs", value) => remote.polling_interval_ms = value.parse().map_err(|_| REMOTE)?,
                ("initialSamplingRate", value) => remote.initial_sampling_rate = value.parse().map_err(|_| REMOTE)?,
                _ => return Err(REMOTE),
            }
        }
        Ok(Self::Remote(remote))
    }
}

impl Display for RemoteSampling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endpoint, polling_interval_ms, initial_sampling_rate } = self;
        write!(
            f,
            "endpoint={endpoint},pollingIntervalMs={polling_interval_ms},initialSamplingRate={initial_sampling_rate}"
        )
    }
}

impl Serialize for SamplerArg {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Ratio(ratio) => serializer.serialize_f64(*ratio),
            Self::Remote(remote) => serializer.collect_str(remote),
        }
    }
}

/// Reads text as well as a number: figment would take a number in text for an `f32`, and 0.1 is not 0.1 there.
impl<'de> Deserialize<'de> for SamplerArg {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected a number")]
        enum Argument {
            Number(f64),
            Text(String),
        }
        match Argument::deserialize(deserializer)? {
            Argument::Number(number) => Ok(Self::Ratio(number)),
            Argument::Text(text) => text.parse().map_err(D::Error::custom),
        }
    }
}
