//! What the SDK hands its batches to.

use std::time::Duration;

use opentelemetry::InstrumentationScope;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1 as proto;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::logs::tonic::group_logs_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogBatch, LogExporter};
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use super::batch::{Logs, Points, Spans};
use super::sender::Sender;
use crate::config::MetricTemporality;

/// An exporter of one signal.
#[derive(Debug)]
pub(in crate::telemetry) struct Exporter {
    sender: Sender,
    resource: Resource,
    temporality: Temporality,
}

impl Exporter {
    /// Sends what it is given by `sender`; metrics that count since when `temporality` says.
    pub(super) fn new(sender: Sender, temporality: MetricTemporality) -> Self {
        let temporality = match temporality {
            MetricTemporality::Cumulative => Temporality::Cumulative,
            MetricTemporality::Delta => Temporality::Delta,
            MetricTemporality::LowMemory => Temporality::LowMemory,
        };
        Self { sender, resource: Resource::builder_empty().build(), temporality }
    }
}

impl SpanExporter for Exporter {
    async fn export(&self, spans: Vec<SpanData>) -> OTelSdkResult {
        self.sender.send(Spans { spans, resource: self.resource.clone() }).await
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.clone();
    }
}

impl LogExporter for Exporter {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        let resource_logs = group_logs_by_resource_and_scope(&batch, &(&self.resource).into());
        self.sender.send(Logs(ExportLogsServiceRequest { resource_logs })).await
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.clone();
    }
}

impl Exporter {
    /// Sends log records that did not pass through the SDK.
    pub async fn send_records(&self, scope: InstrumentationScope, log_records: Vec<LogRecord>) -> OTelSdkResult {
        let schema_url = scope.schema_url().unwrap_or_default().to_owned();
        let scope_logs = vec![ScopeLogs { scope: Some((scope, None).into()), log_records, schema_url }];
        let resource = ResourceAttributesWithSchema::from(&self.resource);
        let schema_url = resource.schema_url.unwrap_or_default();
        let resource = Some(proto::Resource { attributes: resource.attributes.0, ..Default::default() });
        let resource_logs = vec![ResourceLogs { resource, scope_logs, schema_url }];
        self.sender.send(Logs(ExportLogsServiceRequest { resource_logs })).await
    }
}

impl PushMetricExporter for Exporter {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        self.sender.send(Points(metrics.into())).await
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        self.temporality
    }
}
