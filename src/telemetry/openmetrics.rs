//! Metrics as OpenMetrics 1.0 text, with exemplars, which the encoder of `prometheus` does not have.
//!
//! Source: "OpenMetrics, a cloud-native, highly scalable metrics protocol", draft-richih-opsawg-openmetrics-00.

use std::collections::HashMap;
use std::fmt::{Display, Write as _};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use prometheus::proto::{Histogram, LabelPair, Metric, MetricFamily, MetricType};

use super::metrics::{Buckets, Exemplars, Labels};

/// Writes everything that was gathered.
pub(super) fn write(families: &[MetricFamily], exemplars: &Exemplars) -> String {
    let mut page = Page(String::new());
    for family in families {
        page.family(family, exemplars);
    }
    page.0.push_str("# EOF\n");
    page.0
}

struct Page(String);

impl Page {
    fn family(&mut self, family: &MetricFamily, exemplars: &Exemplars) {
        let name = family.name();
        // A family is named without what its samples end with.
        let (kind, stem) = match family.get_field_type() {
            MetricType::COUNTER => ("counter", name.strip_suffix("_total").unwrap_or(name)),
            MetricType::HISTOGRAM => ("histogram", name),
            MetricType::GAUGE => match name.strip_suffix("_info") {
                Some(stem) => ("info", stem),
                None => ("gauge", name),
            },
            // Nobody makes any.
            MetricType::SUMMARY | MetricType::UNTYPED => return,
        };
        self.put(format_args!("# TYPE {stem} {kind}\n"));
        if !family.help().is_empty() {
            self.put(format_args!("# HELP {stem} "));
            self.escaped(family.help());
            self.0.push('\n');
        }
        let exemplars = exemplars.of(name);
        for metric in family.get_metric() {
            match kind {
                "counter" => self.sample(format_args!("{stem}_total"), metric, None, metric.get_counter().get_value()),
                "histogram" => self.histogram(name, metric, &exemplars),
                _ => self.sample(format_args!("{name}"), metric, None, metric.get_gauge().get_value()),
            }
        }
    }

    fn histogram(&mut self, name: &str, metric: &Metric, exemplars: &HashMap<Labels, Arc<Buckets>>) {
        let histogram = metric.get_histogram();
        let buckets = (!exemplars.is_empty()).then(|| exemplars.get(&labels(metric))).flatten();
        for (number, (bound, count)) in bounds(histogram).enumerate() {
            let bound = if bound.is_infinite() { "+Inf".to_owned() } else { format!("{bound:?}") };
            self.head(format_args!("{name}_bucket"), metric, Some(&bound));
            self.put(count);
            if let Some(exemplar) = buckets.and_then(|buckets| buckets.newest(number)) {
                let at = exemplar.at.duration_since(UNIX_EPOCH).unwrap_or_default();
                let (trace, seconds) = (exemplar.trace, exemplar.seconds);
                self.put(format_args!(" # {{trace_id=\"{trace}\"}} {seconds} {:.3}", at.as_secs_f64()));
            }
            self.0.push('\n');
        }
        self.sample(format_args!("{name}_count"), metric, None, histogram.get_sample_count());
        self.sample(format_args!("{name}_sum"), metric, None, histogram.get_sample_sum());
    }

    fn sample(&mut self, name: impl Display, metric: &Metric, bound: Option<&str>, value: impl Display) {
        self.head(name, metric, bound);
        self.put(value);
        self.0.push('\n');
    }

    /// The name and the labels of a sample, and the space behind them.
    fn head(&mut self, name: impl Display, metric: &Metric, bound: Option<&str>) {
        self.put(name);
        let mut separator = '{';
        for (label, value) in metric.get_label().iter().map(pair).chain(bound.map(|bound| ("le", bound))) {
            self.0.push(separator);
            self.put(format_args!("{label}=\""));
            self.escaped(value);
            self.0.push('"');
            separator = ',';
        }
        self.0.push_str(if separator == '{' { " " } else { "} " });
    }

    fn escaped(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '\\' => self.0.push_str("\\\\"),
                '"' => self.0.push_str("\\\""),
                '\n' => self.0.push_str("\\n"),
                other => self.0.push(other),
            }
        }
    }

    fn put(&mut self, text: impl Display) {
        // Writing to a string never fails.
        let _ = write!(self.0, "{text}");
    }
}

/// The buckets' bounds and cumulative counts, the infinite one always among them.
fn bounds(histogram: &Histogram) -> impl Iterator<Item = (f64, u64)> {
    let finite = histogram.get_bucket().iter().map(|bucket| (bucket.upper_bound(), bucket.cumulative_count()));
    let finite = finite.filter(|(bound, _)| bound.is_finite());
    finite.chain([(f64::INFINITY, histogram.get_sample_count())])
}

fn pair(label: &LabelPair) -> (&str, &str) {
    (label.name(), label.value())
}

/// A series' labels, as [`Exemplars`] knows them.
fn labels(metric: &Metric) -> Labels {
    let mut labels: Labels =
        metric.get_label().iter().map(pair).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    labels.sort();
    labels
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TraceId;
    use prometheus::{Histogram, HistogramOpts, IntCounterVec, IntGauge, Opts, Registry};

    use super::*;

    #[test]
    fn it_is_as_the_specification_says() {
        let registry = Registry::new();
        let counter = IntCounterVec::new(Opts::new("things_total", "Things, \"quoted\"."), &["kind"]).unwrap();
        let gauge = IntGauge::new("level", "A level.").unwrap();
        let info = IntGauge::new("build_info", "The build.").unwrap();
        let options = HistogramOpts::new("took_seconds", "It took.").buckets(vec![0.5, 1.0]);
        let histogram = Histogram::with_opts(options.const_label("a", "b")).unwrap();
        counter.with_label_values(&["a\n\\\""]).inc();
        info.set(1);
        histogram.observe(0.75);
        for collector in [Box::new(counter) as Box<dyn prometheus::core::Collector>, Box::new(gauge), Box::new(info)] {
            registry.register(collector).unwrap();
        }
        registry.register(Box::new(histogram)).unwrap();
        let exemplars = Exemplars::default();
        let labels = vec![("a".to_owned(), "b".to_owned())];
        exemplars.add(&[0.5, 1.0], [("took_seconds", labels)]).note(TraceId::from(1), 0.75);

        let page = write(&registry.gather(), &exemplars);
        for line in [
            "# TYPE things counter",
            "# HELP things Things, \\\"quoted\\\".",
            "things_total{kind=\"a\\n\\\\\\\"\"} 1",
            "# TYPE level gauge",
            "level 0",
            "# TYPE build info",
            "build_info 1",
            "# TYPE took_seconds histogram",
            "took_seconds_bucket{a=\"b\",le=\"0.5\"} 0",
            "took_seconds_bucket{a=\"b\",le=\"+Inf\"} 1",
            "took_seconds_count{a=\"b\"} 1",
            "took_seconds_sum{a=\"b\"} 0.75",
        ] {
            assert!(page.lines().any(|it| it == line), "{line} is not in:\n{page}");
        }
        let with_exemplar =
            "took_seconds_bucket{a=\"b\",le=\"1.0\"} 1 # {trace_id=\"00000000000000000000000000000001\"} 0.75 ";
        assert!(page.lines().any(|line| line.starts_with(with_exemplar)), "{page}");
        assert!(page.ends_with("\n# EOF\n"), "{page}");
    }
}
