//! The parts of the server in the report on its health.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::domain::Timestamp;
use crate::http::CertificateHealth;
use crate::http::types::Time;
use crate::service::{BackupHealth, Condition, Health, LeaseHealth, SearchHealth, TaskHealth};
use crate::telemetry::ExportHealth;

/// How a part is, in a word and in detail.
pub(super) struct Part {
    pub(super) condition: Condition,
    detail: Value,
}

impl Part {
    /// The detail, and the word as its `status`.
    pub(super) fn into_value(self) -> Value {
        let mut value = self.detail;
        value["status"] = self.condition.as_str().into();
        value
    }
}

/// Which rows can't be read is for operators.
pub(super) fn database(health: &Health, is_operator: bool) -> Part {
    let mut detail = json!({
        "response_time_ms": milliseconds(health.store_response),
        "readable": health.store.readable,
        "writable": health.store.writable.is_ok(),
        "read_only": health.is_read_only,
        "trouble": health.trouble(),
        "queued_writes": health.store.queue_depth,
        "last_change": health.store.newest_change.entry(),
    });
    if let Some(remote) = &health.store.remote {
        let (used, open, most) = remote.connections;
        detail["clock_ahead_ms"] = json!(remote.clock_ahead.as_secs_f64() * 1e3);
        detail["replication"] = json!({"synchronous": remote.is_synchronous, "standbys": remote.standbys});
        detail["connections"] = json!({"in_use": used, "open": open, "most": most});
    }
    let damaged = &health.store.damaged;
    if !damaged.is_empty() {
        detail["damaged_rows"] = damaged.len().into();
        if is_operator {
            let each = damaged.iter().map(|damage| json!({"table": damage.table, "key": damage.key_text()}));
            detail["damaged"] = each.collect();
        }
    }
    Part { condition: health.condition(), detail }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

pub(super) fn search(health: &SearchHealth) -> Part {
    let is_complete = health.is_complete;
    let (done, total) = health.rebuilt;
    let detail = json!({
        "artifacts": health.documents,
        "size_bytes": health.size_bytes,
        "lag_changes": health.lag_changes,
        "lag_seconds": health.lag.as_secs_f64(),
        "rebuilt": (!health.is_complete).then(|| json!({"artifacts": done, "of": total})),
        "merging": health.merging,
        "last_query_ms": health.lasted.query.map(milliseconds),
        "last_commit_ms": health.lasted.commit.map(milliseconds),
        "last_merge_ms": health.lasted.merge.map(milliseconds),
    });
    Part { condition: Condition::degraded_if(!is_complete), detail }
}

pub(super) fn telemetry(health: &ExportHealth) -> Part {
    let detail = json!({
        "spans_exported": health.traces.exported,
        "spans_dropped": health.traces.dropped,
        "spans_failed": health.traces.failed,
        "spans_waiting": health.traces.waiting,
        "log_records_exported": health.logs.exported,
        "log_records_dropped": health.logs.dropped,
        "log_records_failed": health.logs.failed,
        "metric_points_exported": health.metrics.exported,
        "metric_points_failed": health.metrics.failed,
        "last_export": health.traces.last_success.and_then(|at| Timestamp::try_from(at).ok()).map(Time),
        "collector": health.collector_is_well.map(|is_well| if is_well { "healthy" } else { "unhealthy" }),
    });
    Part { condition: Condition::degraded_if(!health.is_well()), detail }
}

pub(super) fn background(tasks: &[TaskHealth], lease: &LeaseHealth) -> Part {
    let each = tasks.iter().map(|task| {
        let last_error = task.last_failure.map(|failure| json!({"at": Time(failure.at), "error": failure.what}));
        let health = json!({
            "status": Condition::degraded_if(task.is_failing).as_str(),
            "last_success": task.last_success.map(Time),
            "last_error": last_error,
            "errors": task.errors,
            "panics": task.panics,
        });
        (task.name.to_owned(), health)
    });
    let detail = json!({
        "tasks": each.collect::<Map<String, Value>>(),
        "lease": {"here": lease.is_here, "holder": lease.holder, "until": lease.until.map(Time)},
    });
    Part { condition: Condition::degraded_if(tasks.iter().any(|task| task.is_failing)), detail }
}

pub(super) fn certificate(health: &CertificateHealth) -> Part {
    let detail = json!({
        "not_after": health.not_after.map(Time),
        "next_attempt": health.next_attempt.map(Time),
        "trouble": health.trouble,
        "remedy": health.remedy,
    });
    Part { condition: health.condition(), detail }
}

pub(super) fn backups(health: BackupHealth) -> Part {
    let foreign = "the place of the backups is not known to belong to this installation: see the log, or `ghostworks \
                   backups list`; `ghostworks backups adopt` takes it over";
    let detail = json!({
        "made_here": !health.is_elsewhere,
        "trouble": (health.is_foreign && !health.is_elsewhere).then_some(foreign),
        "last_backup": health.last.map(Time),
        "changes_shipped": health.shipped.map(Time),
    });
    let fails = !health.is_elsewhere && (health.is_failing || health.is_shipping_failing);
    Part { condition: Condition::degraded_if(fails), detail }
}
