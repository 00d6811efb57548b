//! What a sampling service says: which traces are recorded, by Jaeger's protocol in JSON.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde::Deserialize;

/// An answer of the service.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    strategy_type: Option<serde_json::Value>,
    probabilistic_sampling: Option<Share>,
    rate_limiting_sampling: Option<Rate>,
    operation_sampling: Option<Operations>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Share {
    sampling_rate: f64,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rate {
    max_traces_per_second: f64,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Operations {
    default_sampling_probability: f64,
    #[serde(default)]
    default_lower_bound_traces_per_second: f64,
    #[serde(default)]
    per_operation_strategies: Vec<OfOperation>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfOperation {
    operation: String,
    probabilistic_sampling: Share,
}

/// What is done about a trace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Choice {
    /// It is recorded.
    Recorded,
    /// It is recorded if its id is in this share of all ids.
    InShare(f64),
}

/// Which traces are recorded.
#[derive(Debug)]
pub(super) enum Strategy {
    /// This share of them.
    Share(f64),
    /// The most in each second.
    Rate(Bucket),
    /// Each operation by its own.
    Operations { each: HashMap<String, Guaranteed>, others: Guaranteed },
}

/// A share, and a number in each second that is recorded in any case.
#[derive(Debug)]
pub(super) struct Guaranteed {
    share: f64,
    least: Bucket,
}

impl Answer {
    /// What it says; none when it says nothing that is known.
    pub fn strategy(&self) -> Option<Strategy> {
        if let Some(operations) = &self.operation_sampling {
            let least = operations.default_lower_bound_traces_per_second;
            let guaranteed = |share: f64| Guaranteed { share, least: Bucket::new(least) };
            let each = operations.per_operation_strategies.iter();
            let each = each.map(|it| (it.operation.clone(), guaranteed(it.probabilistic_sampling.sampling_rate)));
            let others = guaranteed(operations.default_sampling_probability);
            return Some(Strategy::Operations { each: each.collect(), others });
        }
        let share = self.probabilistic_sampling.as_ref().map(|share| Strategy::Share(share.sampling_rate));
        let rate = self.rate_limiting_sampling.as_ref();
        let rate = rate.map(|rate| Strategy::Rate(Bucket::new(rate.max_traces_per_second)));
        // Old services number the types.
        let is_rate = self.strategy_type.as_ref().is_some_and(|kind| *kind == "RATE_LIMITING" || *kind == 1);
        if is_rate { rate.or(share) } else { share.or(rate) }
    }
}

impl Strategy {
    /// What is done about a new trace whose first span has this name.
    pub fn choose(&self, name: &str) -> Choice {
        match self {
            Self::Share(share) => Choice::InShare(*share),
            Self::Rate(bucket) if bucket.take() => Choice::Recorded,
            Self::Rate(_) => Choice::InShare(0.0),
            Self::Operations { each, others } => {
                let guaranteed = each.get(name).unwrap_or(others);
                if guaranteed.least.take() { Choice::Recorded } else { Choice::InShare(guaranteed.share) }
            }
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share(share) => write!(f, "a share of {share}"),
            Self::Rate(bucket) => write!(f, "{} a second", bucket.each_second),
            Self::Operations { each, others } => {
                let Guaranteed { share, least } = others;
                let least = least.each_second;
                write!(
                    f,
                    "{} operations by their own, a share of {share} of the others, and {least} a second",
                    each.len()
                )
            }
        }
    }
}

/// A rate per second; what is not taken adds up to one second of it, or to one.
#[derive(Debug)]
pub(super) struct Bucket {
    each_second: f64,
    /// How many there are, and since when.
    left: Mutex<(f64, Instant)>,
}

impl Bucket {
    fn new(each_second: f64) -> Self {
        let each_second = each_second.max(0.0);
        Self { each_second, left: Mutex::new((each_second.min(1.0), Instant::now())) }
    }

    fn take(&self) -> bool {
        self.take_at(Instant::now())
    }

    fn take_at(&self, now: Instant) -> bool {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, since) = *left;
        let most = if self.each_second > 0.0 { self.each_second.max(1.0) } else { 0.0 };
        let there = (before + now.saturating_duration_since(since).as_secs_f64() * self.each_second).min(most);
        let is_taken = there >= 1.0;
        *left = (if is_taken { there - 1.0 } else { there }, now);
        is_taken
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn strategy(answer: &str) -> Option<Strategy> {
        serde_json::from_str::<Answer>(answer).expect("an answer").strategy()
    }

    #[test]
    fn answers_are_read_as_jaeger_writes_them() {
        let told = |answer: &str| strategy(answer).map(|strategy| strategy.to_string());
        let share = r#"{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.5}}"#;
        assert_eq!(told(share).as_deref(), Some("a share of 0.5"));
        let rate = r#"{"strategyType":1,"rateLimitingSampling":{"maxTracesPerSecond":2}}"#;
        assert_eq!(told(rate).as_deref(), Some("2 a second"));
        assert!(told(r#"{"strategyType":"PROBABILISTIC"}"#).is_none() && told("{}").is_none());
    }

    #[test]
    fn each_operation_goes_by_its_own_share() {
        let answer = r#"{
            "strategyType": "PROBABILISTIC", "probabilisticSampling": {"samplingRate": 0.1},
            "operationSampling": {
                "defaultSamplingProbability": 0.25,
                "perOperationStrategies": [{"operation": "GET /a", "probabilisticSampling": {"samplingRate": 1.0}}]
            }
        }"#;
        let strategy = strategy(answer).expect("a strategy");
        assert_eq!(strategy.choose("GET /a"), Choice::InShare(1.0));
        assert_eq!(strategy.choose("GET /b"), Choice::InShare(0.25));
    }

    #[test]
    fn a_least_number_is_recorded_in_any_case() {
        let answer =
            r#"{"operationSampling": {"defaultSamplingProbability": 0, "defaultLowerBoundTracesPerSecond": 1}}"#;
        let strategy = strategy(answer).expect("a strategy");
        assert_eq!([strategy.choose("a"), strategy.choose("a")], [Choice::Recorded, Choice::InShare(0.0)]);
    }

    #[test]
    fn so_many_are_taken_in_a_second() {
        let taken = |each_second: f64, seconds: u64| {
            let bucket = Bucket::new(each_second);
            let began = Instant::now();
            let times = (0..seconds * 100).map(|step| began + Duration::from_millis(step * 10));
            times.filter(|now| bucket.take_at(*now)).count()
        };
        assert!((19..=21).contains(&taken(2.0, 10)), "{}", taken(2.0, 10));
        assert!((4..=6).contains(&taken(0.5, 10)), "{}", taken(0.5, 10));
        assert_eq!(taken(0.0, 10), 0);
    }
}
