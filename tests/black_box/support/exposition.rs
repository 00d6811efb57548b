//! The Prometheus text format, as far as the tests need it: types, and samples with labels.

use std::collections::{BTreeMap, BTreeSet};

/// One line: a name, its labels, its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The name, with `_bucket`, `_sum` and `_count` as they are.
    pub name: String,
    /// The labels.
    pub labels: BTreeMap<String, String>,
    /// The value.
    pub value: f64,
}

/// A scrape.
#[derive(Debug)]
pub struct Exposition {
    /// Every metric's type.
    pub types: BTreeMap<String, String>,
    /// Every sample.
    pub samples: Vec<Sample>,
}

impl Exposition {
    /// Reads a scrape.
    pub fn parse(text: &str) -> Self {
        let words = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).filter_map(|it| it.split_once(' '));
        let types = words.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect();
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self { types, samples: lines.map(sample).collect() }
    }

    /// The type of a metric.
    pub fn kind(&self, name: &str) -> Option<&str> {
        self.types.get(name).map(String::as_str)
    }

    /// The samples called `name` whose labels include all of `labels`.
    pub fn having<'a>(&'a self, name: &'a str, labels: &'a [(&str, &str)]) -> impl Iterator<Item = &'a Sample> {
        self.samples.iter().filter(move |sample| {
            let has = |(key, value): &(&str, &str)| sample.labels.get(*key).is_some_and(|it| it == value);
            sample.name == name && labels.iter().all(has)
        })
    }

    /// The sum of the samples called `name` whose labels include all of `labels`; `None` when there are none.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        self.having(name, labels).map(|sample| sample.value).reduce(|a, b| a + b)
    }

    /// The label names of the samples called `name`, without the buckets' `le`.
    pub fn labels(&self, name: &str) -> BTreeSet<&str> {
        let samples = self.samples.iter().filter(|sample| sample.name == name);
        samples.flat_map(|sample| sample.labels.keys()).map(String::as_str).filter(|key| *key != "le").collect()
    }
}

fn sample(line: &str) -> Sample {
    let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value: {line}"));
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let labels = labels.strip_suffix('}').unwrap_or_else(|| panic!("labels are not closed: {line}"));
    // A `",` can't be in a value that the tests make.
    let pairs = labels.strip_suffix('"').unwrap_or_default().split("\",").filter_map(|pair| pair.split_once("=\""));
    let labels = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    Sample { name: name.to_owned(), labels, value: value.parse().unwrap_or_else(|_| panic!("no number: {line}")) }
}
