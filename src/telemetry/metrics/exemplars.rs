//! Traces to look at: for each bucket of a latency, the newest request in it whose trace is recorded. The SDK fills in no
//! exemplars, so they are kept beside its metrics, and the writer of OpenMetrics finds them by name and labels.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use opentelemetry::trace::TraceId;

/// A label's name and value, as they are scraped.
pub(in crate::telemetry) type Labels = Vec<(String, String)>;

/// One request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::telemetry) struct Exemplar {
    /// Its trace.
    pub trace: TraceId,
    /// How long it took.
    pub seconds: f64,
    /// When it ended.
    pub at: SystemTime,
}

/// The newest request in each bucket of one series.
#[derive(Debug)]
pub(in crate::telemetry) struct Buckets {
    bounds: &'static [f64],
    newest: Vec<Mutex<Option<Exemplar>>>,
}

impl Buckets {
    fn new(bounds: &'static [f64]) -> Self {
        // The last one is without a bound.
        Self { bounds, newest: (0..=bounds.len()).map(|_| Mutex::default()).collect() }
    }

    /// A request has ended. Of several at once, one is enough: nobody waits.
    pub fn note(&self, trace: TraceId, seconds: f64) {
        let bucket = self.bounds.partition_point(|bound| *bound < seconds);
        if let Ok(mut newest) = self.newest[bucket].try_lock() {
            *newest = Some(Exemplar { trace, seconds, at: opentelemetry::time::now() });
        }
    }

    /// The newest request in the bucket with this number.
    pub fn newest(&self, bucket: usize) -> Option<Exemplar> {
        *lock(self.newest.get(bucket)?)
    }
}

/// The buckets of every series that has any, by the name of its metric and its labels in the order of their names.
#[derive(Debug, Default)]
pub(in crate::telemetry) struct Exemplars(Mutex<HashMap<&'static str, HashMap<Labels, Arc<Buckets>>>>);

impl Exemplars {
    /// The buckets for a latency that is scraped by each of these names and labels.
    pub fn add<const N: usize>(&self, bounds: &'static [f64], series: [(&'static str, Labels); N]) -> Arc<Buckets> {
        let buckets = Arc::new(Buckets::new(bounds));
        let mut all = lock(&self.0);
        for (name, mut labels) in series {
            labels.sort();
            all.entry(name).or_default().insert(labels, buckets.clone());
        }
        buckets
    }

    /// The buckets of a metric's series, by their labels.
    pub fn of(&self, name: &str) -> HashMap<Labels, Arc<Buckets>> {
        lock(&self.0).get(name).cloned().unwrap_or_default()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bucket_keeps_the_newest_of_its_own() {
        let exemplars = Exemplars::default();
        let labels = vec![("b".to_owned(), "2".to_owned()), ("a".to_owned(), "1".to_owned())];
        let buckets = exemplars.add(&[0.1, 1.0], [("latency", labels.clone())]);
        for (trace, seconds) in [(1, 0.1), (2, 0.05), (3, 0.5), (4, 7.0)] {
            buckets.note(TraceId::from(trace), seconds);
        }
        let sorted: Labels = labels.into_iter().rev().collect();
        let found = &exemplars.of("latency")[&sorted];
        let traces = [0, 1, 2, 3].map(|bucket| found.newest(bucket).map(|it| u128::from_be_bytes(it.trace.to_bytes())));
        assert_eq!(traces, [Some(2), Some(3), Some(4), None]);
        assert!(exemplars.of("other").is_empty());
    }
}
