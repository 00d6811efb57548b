//! How the last hour was, for operators.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::{Object, OpenApi};
use serde::Serialize;

use super::Tag;
use super::traces::time;
use crate::http::json::Json;
use crate::http::operators::Operator;
use crate::http::refused::{OPERATOR, Refused};
use crate::http::state::State;
use crate::http::types::Time;
use crate::telemetry::history::{Counts, Hour, LIMITS, Point, STEP};

/// The operation at `/api/v1/system/metrics/history`.
pub(crate) struct HistoryApi;

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::System")]
impl HistoryApi {
    /// Get the last hour of the metrics
    ///
    /// For operators. How many requests came, how they were answered and how fast, and how the parts of the server did: a
    /// point for every 15 seconds, the oldest first, and the latencies of each route by the minute. The last point and the
    /// last minute are not over. It is kept in the memory of this server; health checks and scrapes are left out.
    #[oai(path = "/system/metrics/history", method = "get", operation_id = "get_metrics_history")]
    async fn get(
        &self,
        state: Data<&Arc<State>>,
        _operator: Operator,
    ) -> Result<Json<HistoryBody>, Refused<{ OPERATOR }>> {
        let hour = state.service.last_hour().await?.unwrap_or_default();
        Ok(Json(HistoryBody::from(&hour)))
    }
}

/// The last hour.
#[derive(Serialize, Object)]
#[oai(rename = "MetricsHistory")]
struct HistoryBody {
    /// How long a point lasts, in seconds.
    interval_seconds: u64,
    /// What latencies are counted up to, in milliseconds.
    latency_limits_ms: Vec<f64>,
    /// The points, the oldest first; none when nothing is recorded.
    points: Vec<PointBody>,
    /// The routes that were asked for.
    routes: Vec<RouteBody>,
}

/// Some seconds.
#[derive(Serialize, Object)]
#[oai(rename = "MetricsPoint")]
struct PointBody {
    /// When they began.
    at: Time,
    /// How many they were.
    seconds: f64,
    /// Requests that were answered.
    requests: u64,
    /// Those of them with a status of 400 to 499.
    refusals: u64,
    /// Those with a status of 500 or more, or an answer that was broken off.
    failures: u64,
    /// How many took at most as long as the limit of the same number, and longer than the one before; the last count is of
    /// those above every limit.
    latency: Vec<u64>,
    /// Commits that were made.
    commits: u64,
    /// Writes that they carried.
    writes: u64,
    /// The longest that a write waited for the writer, in milliseconds.
    longest_queue_ms: f64,
    /// The longest that a commit took.
    longest_commit_ms: f64,
    /// The longest that a search waited for the index to know of every write before.
    longest_index_wait_ms: f64,
    /// Writes that waited at the end.
    queued_writes: u64,
    /// Writes that may wait.
    queue_capacity: u64,
    /// Changes that the search index did not know of at the end; null while it was rebuilt.
    #[oai(nullable)]
    index_lag_changes: Option<u64>,
    /// For how long it had not been up to date, in seconds.
    index_lag_seconds: f64,
    /// Passwords that waited to be hashed at the end.
    waiting_hashes: u64,
    /// The memory that the process had.
    #[oai(nullable)]
    memory_bytes: Option<u64>,
    /// The size of the database's file.
    #[oai(nullable)]
    database_bytes: Option<u64>,
    /// The size of the search index's files.
    #[oai(nullable)]
    index_bytes: Option<u64>,
    /// What was free on the disk.
    #[oai(nullable)]
    free_bytes: Option<u64>,
    /// Spans, log records and points of metrics that a collector took.
    telemetry_exported: u64,
    /// Those that were lost.
    telemetry_lost: u64,
}

/// The requests of a route.
#[derive(Serialize, Object)]
#[oai(rename = "RouteHistory")]
struct RouteBody {
    /// The method.
    method: String,
    /// The pattern of the path; null for what matched none.
    #[oai(nullable)]
    route: Option<String>,
    /// The minutes in which there were any, the oldest first.
    minutes: Vec<MinuteBody>,
}

/// The requests of a route in a minute.
#[derive(Serialize, Object)]
#[oai(rename = "RouteMinute")]
struct MinuteBody {
    /// When it began.
    at: Time,
    /// How many took how long, as in the points.
    latency: Vec<u64>,
    /// Those of them with a status of 400 to 499.
    refusals: u64,
    /// Those with a status of 500 or more, or an answer that was broken off.
    failures: u64,
}

impl From<&Hour> for HistoryBody {
    fn from(hour: &Hour) -> Self {
        let routes = hour.routes.iter().enumerate().map(|(index, name)| {
            let (method, route) = match name.split_once(' ') {
                Some((method, route)) => (method, Some(route.to_owned())),
                None => (*name, None),
            };
            let minutes = hour.minutes.iter().filter_map(|minute| {
                let counts = minute.routes.get(index).filter(|counts| counts.requests() > 0)?;
                Some(MinuteBody::new(minute.at, counts))
            });
            RouteBody { method: method.to_owned(), route, minutes: minutes.collect() }
        });
        Self {
            interval_seconds: STEP.as_secs(),
            latency_limits_ms: LIMITS.iter().map(|limit| limit.as_secs_f64() * 1e3).collect(),
            points: hour.points.iter().map(PointBody::from).collect(),
            routes: routes.filter(|route| !route.minutes.is_empty()).collect(),
        }
    }
}

impl MinuteBody {
    fn new(at: u64, counts: &Counts) -> Self {
        let Counts { latency, refusals, failures } = *counts;
        Self { at: time(at), latency: latency.to_vec(), refusals, failures }
    }
}

impl From<&Point> for PointBody {
    fn from(point: &Point) -> Self {
        let milliseconds = |time: std::time::Duration| time.as_secs_f64() * 1e3;
        let (requests, figures) = (&point.requests, &point.figures);
        Self {
            at: time(point.at),
            seconds: point.lasted.as_secs_f64(),
            requests: requests.requests(),
            refusals: requests.refusals,
            failures: requests.failures,
            latency: requests.latency.to_vec(),
            commits: point.commits,
            writes: point.writes,
            longest_queue_ms: milliseconds(point.longest_queue),
            longest_commit_ms: milliseconds(point.longest_commit),
            longest_index_wait_ms: milliseconds(point.longest_index_wait),
            queued_writes: figures.queued_writes,
            queue_capacity: figures.queue_capacity,
            index_lag_changes: figures.index_lag_changes,
            index_lag_seconds: figures.index_lag_seconds,
            waiting_hashes: figures.waiting_hashes,
            memory_bytes: point.memory_bytes,
            database_bytes: figures.database_bytes,
            index_bytes: figures.index_bytes,
            free_bytes: figures.free_bytes,
            telemetry_exported: point.exported,
            telemetry_lost: point.lost,
        }
    }
}
