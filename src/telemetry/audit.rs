//! The audit log as log records: each entry of the change log as an event, with the attributes that spans have.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::{KeyValue, Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, SeverityNumber};
use opentelemetry_proto::transform::common::tonic::Attributes;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::logs::LogExporter as _;
use opentelemetry_semantic_conventions::attribute;

use super::TelemetryError;
use super::export::{self, Content, Exporter};
use super::metrics::{AllExports, Exports};
use super::moment::now;
use super::resource::scope;
use crate::config::{self, Signal};
use crate::domain::{AuditDetail, Audited, Change, Role};

/// What every entry is called as an event.
const EVENT: &str = "audit.entry";

/// The way of the audit log to the collector of the logs.
pub struct AuditLog {
    exporter: Exporter,
    /// What becomes of what it sends. An entry that was not taken is sent again, so that is not a loss yet.
    own: Arc<Exports>,
    /// What became of all log records.
    logs: Arc<Exports>,
    at_once: usize,
    every: Duration,
    patience: Duration,
}

impl AuditLog {
    /// None when it is not asked for.
    pub(super) fn new(
        config: &config::Telemetry,
        resource: &Resource,
        exports: &AllExports,
    ) -> Result<Option<Self>, TelemetryError> {
        if config.disabled || !config.audit_logs {
            return Ok(None);
        }
        let own = Arc::default();
        let mut exporter = export::exporter(config, Content::AuditLog, &own)?;
        exporter.set_resource(resource);
        Ok(Some(Self {
            exporter,
            own,
            logs: exports.of(Signal::Logs).clone(),
            at_once: config.log_batch,
            every: Duration::from_millis(config.log_delay_ms),
            patience: Duration::from_secs(config.shutdown_timeout_seconds),
        }))
    }

    /// How many entries are sent at once.
    pub fn at_once(&self) -> usize {
        self.at_once
    }

    /// How often entries are sent.
    pub fn every(&self) -> Duration {
        self.every
    }

    /// How long the last ones may take when the server stops.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// Sends entries, and ends when the collector has taken them.
    pub async fn send(&self, changes: &[Change]) -> Result<(), OTelSdkError> {
        let records = changes.iter().map(record).collect();
        let rejected = self.own.failed();
        let sent: OTelSdkResult = self.exporter.send_records(scope(), records).await;
        let rejected = usize::try_from(self.own.failed() - rejected).unwrap_or(usize::MAX).min(changes.len());
        match &sent {
            Ok(()) => self.logs.ended(changes.len() - rejected, rejected, Duration::ZERO),
            Err(_) => self.logs.fails(),
        }
        sent
    }
}

fn record(change: &Change) -> LogRecord {
    let action = change.kind.action();
    let at = u64::try_from(change.at.as_duration().as_nanos()).unwrap_or_default();
    LogRecord {
        time_unix_nano: at,
        observed_time_unix_nano: now(),
        severity_number: SeverityNumber::Info.into(),
        severity_text: "INFO".to_owned(),
        event_name: EVENT.to_owned(),
        body: Some(Value::from(action).into()),
        attributes: Attributes::from(attributes(change)).0,
        trace_id: change.actor.trace_id.map(|id| id.to_vec()).unwrap_or_default(),
        ..LogRecord::default()
    }
}

fn attributes(change: &Change) -> impl Iterator<Item = KeyValue> {
    let Change { position, tenant, about, actor, kind, .. } = change;
    let Audited { kind: target, id } = kind.audited();
    let texts = [
        ("audit.entry.id", Some(position.to_string())),
        ("audit.action", Some(kind.action().to_owned())),
        ("audit.target.type", Some(target.to_owned())),
        ("audit.target.id", text(id)),
        (own_name(target), text(id)),
        ("audit.actor.api_key.id", text(actor.api_key)),
        ("tenant.id", text(tenant.or(*about))),
        (attribute::USER_ID, text(actor.user)),
        (attribute::CLIENT_ADDRESS, actor.ip.clone()),
        (attribute::USER_AGENT_ORIGINAL, actor.user_agent.clone()),
    ];
    let known = texts.into_iter().filter(|(name, _)| !name.is_empty());
    let texts = known.filter_map(|(name, value)| Some(KeyValue::new(name, value?)));
    texts.chain(details(kind.audit_detail()).into_iter().flatten())
}

fn text(value: Option<impl ToString>) -> Option<String> {
    value.map(|value| value.to_string())
}

/// What the id of a target is called on spans; empty where they have none, or have it for something else.
fn own_name(target: &str) -> &'static str {
    match target {
        "artifact" => "artifact.id",
        "member" => "member.id",
        "invitation" => "invitation.id",
        "api_key" => "api_key.id",
        _ => "",
    }
}

fn details(detail: AuditDetail) -> [Option<KeyValue>; 2] {
    let role = |role: Role| Some(KeyValue::new("member.role", role.as_str()));
    match detail {
        AuditDetail::None => [None, None],
        AuditDetail::Version(version) => {
            [Some(KeyValue::new("audit.target.version", i64::try_from(version).unwrap_or(i64::MAX))), None]
        }
        AuditDetail::Role(given) => [role(given), None],
        AuditDetail::Roles(from, to) => [role(to), Some(KeyValue::new("member.old_role", from.as_str()))],
    }
}
