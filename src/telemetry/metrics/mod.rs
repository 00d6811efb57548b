//! Every instrument: its name, unit, buckets and labels.
//!
//! Names here lack the endings that the Prometheus exporter adds: `_total` on counters, the unit on histograms.
//! Label values are closed sets, except the tenant's id, which [`tenants`] bounds.

mod background;
mod exemplars;
mod exports;
mod http;
mod observable;
mod recorder;
mod series;
mod tenants;

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{BoundHistogram, Counter, Histogram, Meter};
use opentelemetry_sdk::metrics::{Instrument, Stream};

use self::series::Series;
use self::tenants::{TENANT_ID, TenantLabels};
use super::{Operation, StorageCall};
use crate::domain::TenantId;

pub use self::background::TaskFigures;
pub(super) use self::exemplars::{Buckets, Exemplars, Labels};
pub(super) use self::exports::{AllExports, Exports};
pub(super) use self::http::{HttpSeries, client_request_duration};
pub use self::observable::{BackupFigures, CertificateFigures, HashingFigures, SearchFigures, StorageFigures};
pub(super) use self::recorder::register_recorder;

/// Buckets of the semantic conventions for HTTP durations, in seconds.
const HTTP_BUCKETS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
/// Buckets for what is mostly done from memory, in seconds.
const FAST_BUCKETS: [f64; 12] =
    [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5];
/// Buckets for what waits for a disk, a collector or argon2, in seconds.
const SLOW_BUCKETS: [f64; 12] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 2.5, 10.0];
/// Buckets for how many writes share a commit.
const GROUP_BUCKETS: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

/// Values of the `artifact_type` label. Types are free text, so all others share `other`.
const ARTIFACT_TYPES: [&str; 6] = ["default", "service", "document", "dataset", "build", "model"];
/// The label value of everything that has none of its own.
const OTHER: &str = "other";

/// The instruments whose label sets multiply with the number of tenants.
const PER_TENANT: [&str; 4] =
    ["artifacts_created", "workspace_operations", "artifact_operation_duration", "artifact_search_duration"];

/// All instruments.
pub struct Metrics {
    artifacts_created: Counter<u64>,
    auth_attempts: Counter<u64>,
    authentication_attempts: Counter<u64>,
    workspace_operations: Counter<u64>,
    user_registrations: Counter<u64>,
    database_query_duration: Histogram<f64>,
    database_queries: Series<&'static str, BoundHistogram<f64>>,
    storage_group_size: BoundHistogram<u64>,
    storage_commit_duration: BoundHistogram<f64>,
    auth_hashing_duration: BoundHistogram<f64>,
    search_query_duration: BoundHistogram<f64>,
    search_commit_duration: BoundHistogram<f64>,
    search_merges: Counter<u64>,
    search_merge_time: Counter<f64>,
    storage_damaged_rows: Counter<u64>,
    storage_backups: Counter<u64>,
    storage_shipments: Counter<u64>,
    tenants: TenantLabels,
    http: http::HttpInstruments,
    /// Counters that developers of the service add by name.
    own: Series<&'static str, Counter<u64>>,
    /// Declares the instruments that are observed when they are collected.
    meter: Meter,
}

impl Metrics {
    /// Declares them. At most `tenant_limit` tenants get a label of their own.
    pub(super) fn new(meter: &Meter, tenant_limit: usize, environment: &str) -> Self {
        let metrics = Self {
            artifacts_created: counter(meter, "artifacts_created", "{artifact}", "Artifacts created."),
            auth_attempts: counter(meter, "auth_attempts", "{attempt}", "Attempts to sign in or to stay signed in."),
            authentication_attempts: counter(
                meter,
                "authentication_attempts",
                "{attempt}",
                "The same as auth_attempts_total, by the name older dashboards use.",
            ),
            workspace_operations: counter(meter, "workspace_operations", "{operation}", "Changes to workspaces."),
            user_registrations: counter(meter, "user_registrations", "{account}", "Accounts registered."),
            database_query_duration: seconds(
                meter,
                "database_query_duration",
                "Calls to the database; for writes, until they are on disk.",
                &FAST_BUCKETS,
            ),
            database_queries: Series::default(),
            storage_group_size: meter
                .u64_histogram("storage_group_size")
                .with_unit("{write}")
                .with_description("Writes that shared a commit.")
                .with_boundaries(GROUP_BUCKETS.to_vec())
                .build()
                .bind(&[]),
            storage_commit_duration: seconds(
                meter,
                "storage_commit_duration",
                "Making a commit durable.",
                &SLOW_BUCKETS,
            )
            .bind(&[]),
            auth_hashing_duration: seconds(
                meter,
                "auth_hashing_duration",
                "Hashing a password, without waiting.",
                &SLOW_BUCKETS,
            )
            .bind(&[]),
            search_query_duration: seconds(
                meter,
                "search_query_duration",
                "Looking into the search index, without waiting for it to be up to date.",
                &FAST_BUCKETS,
            )
            .bind(&[]),
            search_commit_duration: seconds(
                meter,
                "search_commit_duration",
                "Letting searches see what was taken into the index.",
                &SLOW_BUCKETS,
            )
            .bind(&[]),
            search_merges: counter(meter, "search_merges", "{merge}", "Merges of parts of the search index."),
            search_merge_time: meter
                .f64_counter("search_merge")
                .with_unit("s")
                .with_description("Time spent on merging parts of the search index.")
                .build(),
            storage_damaged_rows: counter(
                meter,
                "storage_damaged_rows",
                "{row}",
                "Rows that were met and can't be read.",
            ),
            storage_backups: counter(meter, "storage_backups", "{backup}", "Scheduled backups, made or tried."),
            storage_shipments: counter(
                meter,
                "storage_shipments",
                "{shipment}",
                "Shipments of changes to the place of the backups, made or tried.",
            ),
            tenants: TenantLabels::new(meter, tenant_limit),
            http: http::HttpInstruments::new(meter),
            own: Series::default(),
            meter: meter.clone(),
        };
        observable::register_runtime(meter);
        observable::register_log(meter);
        metrics.exist_from_the_start();
        announce_version(meter, environment);
        metrics
    }

    /// A query for a counter that was never counted finds nothing, where zero was meant.
    fn exist_from_the_start(&self) {
        for method in ["password", "refresh", "api_key"] {
            for success in [true, false] {
                self.add_auth_attempts(0, method, success);
            }
        }
        self.user_registrations.add(0, &[]);
        self.storage_damaged_rows.add(0, &[]);
        self.search_merges.add(0, &[]);
        self.search_merge_time.add(0.0, &[]);
        for success in [true, false] {
            self.storage_backups.add(0, &[success_label(success)]);
            self.storage_shipments.add(0, &[success_label(success)]);
        }
        let other = KeyValue::new(TENANT_ID, OTHER);
        self.artifacts_created.add(0, &[other.clone(), KeyValue::new("artifact_type", ARTIFACT_TYPES[0])]);
        self.workspace_operations.add(0, &[other, KeyValue::new("operation", "create")]);
    }

    /// Requests to look at.
    pub(super) fn exemplars(&self) -> &Arc<Exemplars> {
        &self.http.exemplars
    }

    /// An artifact was created.
    pub fn artifact_created(&self, tenant: TenantId, artifact_type: &str) {
        let artifact_type = ARTIFACT_TYPES.into_iter().find(|&known| known == artifact_type).unwrap_or(OTHER);
        let labels = [self.tenants.get(tenant).label(), KeyValue::new("artifact_type", artifact_type)];
        self.artifacts_created.add(1, &labels);
    }

    /// A workspace was changed: `create`, `switch`, …
    pub fn workspace_operation(&self, operation: &'static str, tenant: TenantId) {
        self.workspace_operations.add(1, &[self.tenants.get(tenant).label(), KeyValue::new("operation", operation)]);
    }

    /// An account was registered.
    pub fn user_registered(&self) {
        self.user_registrations.add(1, &[]);
    }

    /// Adds to a counter that is declared by its first use.
    pub(super) fn count(&self, name: &'static str, by: u64, labels: &[(&'static str, &'static str)]) {
        let counter = self.own.get_or_insert(&name, || self.meter.u64_counter(name).build());
        let labels: Vec<KeyValue> = labels.iter().map(|(key, value)| KeyValue::new(*key, *value)).collect();
        counter.add(by, &labels);
    }

    /// An API key was presented.
    pub fn api_key_presented(&self, success: bool) {
        self.add_auth_attempts(1, "api_key", success);
    }

    /// A use case has ended.
    pub(super) fn operation_ended(
        &self,
        operation: Operation,
        tenant: Option<TenantId>,
        success: bool,
        elapsed: Duration,
    ) {
        if let Some(method) = operation.auth_method() {
            self.add_auth_attempts(1, method, success);
        }
        if let (Some(label), Some(tenant)) = (operation.artifact_label(), tenant) {
            // Who fails may have made the id up; only a workspace that is there is worth a label.
            let tenant = if success { self.tenants.get(tenant) } else { self.tenants.known(tenant) };
            tenant.operation(label).record(elapsed.as_secs_f64());
            if operation == Operation::ArtifactSearch {
                tenant.search().record(elapsed.as_secs_f64());
            }
        }
    }

    /// A call to the database has ended.
    pub(super) fn storage_call(&self, call: &StorageCall) {
        let series = self.database_queries.get_or_insert(&call.operation, || {
            self.database_query_duration.bind(&[KeyValue::new("operation", call.operation)])
        });
        series.record(call.elapsed.as_secs_f64());
    }

    /// A commit is on disk, with this many writes.
    pub(super) fn storage_committed(&self, elapsed: Duration, group_size: usize) {
        self.storage_commit_duration.record(elapsed.as_secs_f64());
        self.storage_group_size.record(group_size as u64);
    }

    /// A row was met that can't be read.
    pub fn row_damaged(&self) {
        self.storage_damaged_rows.add(1, &[]);
    }

    /// The search index was asked.
    pub fn search_queried(&self, elapsed: Duration) {
        self.search_query_duration.record(elapsed.as_secs_f64());
    }

    /// The search index was committed.
    pub fn search_committed(&self, elapsed: Duration) {
        self.search_commit_duration.record(elapsed.as_secs_f64());
    }

    /// Segments of the search index were merged.
    pub fn search_merged(&self, elapsed: Duration) {
        self.search_merges.add(1, &[]);
        self.search_merge_time.add(elapsed.as_secs_f64(), &[]);
    }

    /// A scheduled backup was made, or was not.
    pub fn backup_ended(&self, success: bool) {
        self.storage_backups.add(1, &[success_label(success)]);
    }

    /// Changes were shipped, or were not.
    pub fn shipment_ended(&self, success: bool) {
        self.storage_shipments.add(1, &[success_label(success)]);
    }

    /// A password was hashed.
    pub fn password_hashed(&self, elapsed: Duration) {
        self.auth_hashing_duration.record(elapsed.as_secs_f64());
    }

    fn add_auth_attempts(&self, count: u64, method: &'static str, success: bool) {
        let labels = [KeyValue::new("method", method), success_label(success)];
        self.auth_attempts.add(count, &labels);
        self.authentication_attempts.add(count, &labels);
    }
}

/// Text, not a boolean: the dashboards match on it.
fn success_label(success: bool) -> KeyValue {
    KeyValue::new("success", if success { "true" } else { "false" })
}

/// Room for every tenant label in the instruments that have one; the SDK's own limit would fold them sooner.
pub(super) fn view(tenant_limit: usize) -> impl Fn(&Instrument) -> Option<Stream> + Send + Sync + 'static {
    const SETS_PER_TENANT: usize = 16;
    move |instrument| {
        let limit = (tenant_limit + 1) * SETS_PER_TENANT;
        let is_per_tenant = PER_TENANT.contains(&instrument.name());
        is_per_tenant.then(|| Stream::builder().with_cardinality_limit(limit).build().ok()).flatten()
    }
}

fn announce_version(meter: &Meter, environment: &str) {
    let labels = [
        KeyValue::new("version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("commit", option_env!("GHOSTWORKS_COMMIT").unwrap_or("unknown")),
        KeyValue::new("environment", environment.to_owned()),
    ];
    meter
        .u64_gauge("ghostworks_api_info")
        .with_unit("{version}")
        .with_description("The running version; always 1.")
        .build()
        .record(1, &labels);
}

/// A counter. Its unit is what it counts, in braces: what is in braces is not part of the name that is scraped.
fn counter(meter: &Meter, name: &'static str, unit: &'static str, description: &'static str) -> Counter<u64> {
    meter.u64_counter(name).with_unit(unit).with_description(description).build()
}

fn seconds(meter: &Meter, name: &'static str, description: &'static str, buckets: &[f64]) -> Histogram<f64> {
    meter.f64_histogram(name).with_unit("s").with_description(description).with_boundaries(buckets.to_vec()).build()
}
