//! What is sent at once: a batch that can be written in either format, and be parted when it is too large.

use opentelemetry_http::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{Metric, ResourceMetrics, ScopeMetrics};
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;
use prost::Message;
use serde::Serialize;

use super::encoding::export_request;
use super::message::Format;

/// Items of one signal that are sent in one message.
pub(super) trait Batch: Sized + Send + 'static {
    /// How many items there are.
    fn len(&self) -> usize;

    /// The message.
    fn encode(&self, format: Format) -> Bytes;

    /// Takes about half of the items out; none when there is only one.
    fn split(&mut self) -> Option<Self>;
}

fn message<M: Message + Serialize>(message: &M, format: Format) -> Bytes {
    match format {
        Format::Protobuf => message.encode_to_vec().into(),
        Format::Json => serde_json::to_vec(message).expect("the mapping to JSON has every message").into(),
    }
}

/// Splits a list in the middle, unless it is too short.
fn second_half<T>(items: &mut Vec<T>) -> Option<Vec<T>> {
    (items.len() > 1).then(|| items.split_off(items.len() / 2))
}

/// Spans.
pub(super) struct Spans {
    /// The spans.
    pub spans: Vec<SpanData>,
    /// Whose they are.
    pub resource: Resource,
}

impl Batch for Spans {
    fn len(&self) -> usize {
        self.spans.len()
    }

    fn encode(&self, format: Format) -> Bytes {
        match format {
            Format::Protobuf => export_request(&self.spans, &self.resource).into(),
            Format::Json => {
                let resource_spans = group_spans_by_resource_and_scope(self.spans.clone(), &(&self.resource).into());
                message(&ExportTraceServiceRequest { resource_spans }, format)
            }
        }
    }

    fn split(&mut self) -> Option<Self> {
        let spans = second_half(&mut self.spans)?;
        Some(Self { spans, resource: self.resource.clone() })
    }
}

/// Log records.
pub(super) struct Logs(pub ExportLogsServiceRequest);

impl Batch for Logs {
    fn len(&self) -> usize {
        self.0.resource_logs.iter().flat_map(|group| &group.scope_logs).map(|scope| scope.log_records.len()).sum()
    }

    fn encode(&self, format: Format) -> Bytes {
        message(&self.0, format)
    }

    fn split(&mut self) -> Option<Self> {
        let group = self.0.resource_logs.first_mut()?;
        let mut second = group.clone();
        second.scope_logs = match second_half(&mut group.scope_logs) {
            Some(scopes) => scopes,
            None => {
                let scope = group.scope_logs.first_mut()?;
                let log_records = second_half(&mut scope.log_records)?;
                let mut scope = scope.clone();
                scope.log_records = log_records;
                vec![scope]
            }
        };
        Some(Self(ExportLogsServiceRequest { resource_logs: vec![second] }))
    }
}

/// Points of metrics.
pub(super) struct Points(pub ExportMetricsServiceRequest);

impl Batch for Points {
    fn len(&self) -> usize {
        let scopes = self.0.resource_metrics.iter().flat_map(|group| &group.scope_metrics);
        scopes.flat_map(|scope| &scope.metrics).map(points).sum()
    }

    fn encode(&self, format: Format) -> Bytes {
        message(&self.0, format)
    }

    fn split(&mut self) -> Option<Self> {
        let group = self.0.resource_metrics.first_mut()?;
        let scope_metrics = match second_half(&mut group.scope_metrics) {
            Some(scopes) => scopes,
            None => vec![split_scope(group.scope_metrics.first_mut()?)?],
        };
        let second =
            ResourceMetrics { resource: group.resource.clone(), schema_url: group.schema_url.clone(), scope_metrics };
        Some(Self(ExportMetricsServiceRequest { resource_metrics: vec![second] }))
    }
}

fn points(metric: &Metric) -> usize {
    match &metric.data {
        Some(Data::Gauge(gauge)) => gauge.data_points.len(),
        Some(Data::Sum(sum)) => sum.data_points.len(),
        Some(Data::Histogram(histogram)) => histogram.data_points.len(),
        Some(Data::ExponentialHistogram(histogram)) => histogram.data_points.len(),
        Some(Data::Summary(summary)) => summary.data_points.len(),
        None => 0,
    }
}

fn split_scope(scope: &mut ScopeMetrics) -> Option<ScopeMetrics> {
    let metrics = match second_half(&mut scope.metrics) {
        Some(metrics) => metrics,
        None => vec![split_metric(scope.metrics.first_mut()?)?],
    };
    Some(ScopeMetrics { scope: scope.scope.clone(), schema_url: scope.schema_url.clone(), metrics })
}

/// One metric with many points.
fn split_metric(metric: &mut Metric) -> Option<Metric> {
    let mut second = metric.clone();
    match (metric.data.as_mut()?, second.data.as_mut()?) {
        (Data::Gauge(one), Data::Gauge(two)) => two.data_points = second_half(&mut one.data_points)?,
        (Data::Sum(one), Data::Sum(two)) => two.data_points = second_half(&mut one.data_points)?,
        (Data::Histogram(one), Data::Histogram(two)) => two.data_points = second_half(&mut one.data_points)?,
        (Data::ExponentialHistogram(one), Data::ExponentialHistogram(two)) => {
            two.data_points = second_half(&mut one.data_points)?;
        }
        (Data::Summary(one), Data::Summary(two)) => two.data_points = second_half(&mut one.data_points)?,
        _ => return None,
    }
    Some(second)
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
    use opentelemetry_proto::tonic::metrics::v1::{Gauge, NumberDataPoint};

    use super::*;

    /// Parts a batch until nothing can be parted, and counts what is left.
    fn part<B: Batch>(batch: B) -> Vec<usize> {
        let (mut whole, mut parted) = (vec![batch], Vec::new());
        while let Some(mut batch) = whole.pop() {
            match batch.split() {
                Some(second) => whole.extend([second, batch]),
                None => parted.push(batch.len()),
            }
        }
        parted
    }

    #[test]
    fn points_are_parted_to_the_last() {
        let metric = |count: u64| Metric {
            data: Some(Data::Gauge(Gauge {
                data_points: (0..count)
                    .map(|time| NumberDataPoint { time_unix_nano: time, ..Default::default() })
                    .collect(),
            })),
            ..Default::default()
        };
        let scope = ScopeMetrics { metrics: vec![metric(3), metric(1), metric(2)], ..Default::default() };
        let group = ResourceMetrics { scope_metrics: vec![scope.clone(), scope], ..Default::default() };
        let batch = Points(ExportMetricsServiceRequest { resource_metrics: vec![group] });
        assert_eq!(batch.len(), 12);
        assert_eq!(part(batch), [1; 12]);
    }

    #[test]
    fn log_records_are_parted_to_the_last() {
        let scope = ScopeLogs { log_records: vec![LogRecord::default(); 3], ..Default::default() };
        let group = ResourceLogs { scope_logs: vec![scope.clone(), scope], ..Default::default() };
        let batch = Logs(ExportLogsServiceRequest { resource_logs: vec![group] });
        assert_eq!(batch.len(), 6);
        assert_eq!(part(batch), [1; 6]);
    }
}
