//! The tenant label: bounded, because every tenant costs its own copy of several histograms.
//!
//! The first tenants to be active get a label of their own, up to the limit; all others share `tenant_id="other"`, and a
//! gauge says how many they are.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use opentelemetry::metrics::{BoundHistogram, Gauge, Histogram, Meter};
use opentelemetry::{KeyValue, Value};

use super::series::Series;
use super::{FAST_BUCKETS, OTHER, seconds};
use crate::domain::TenantId;

/// The label's name.
pub(super) const TENANT_ID: &str = "tenant_id";

/// The tenants that have a label of their own, and their instruments.
pub(super) struct TenantLabels {
    limit: usize,
    instruments: Arc<TenantInstruments>,
    own: Series<TenantId, TenantSeries>,
    other: Arc<TenantSeries>,
    folded: Mutex<HashSet<TenantId>>,
    folded_count: Gauge<u64>,
}

/// How many tenants without a label are told apart, to be counted. Beyond it, the count stands still.
const MAX_FOLDED: usize = 100_000;

struct TenantInstruments {
    operation_duration: Histogram<f64>,
    search_duration: Histogram<f64>,
}

impl TenantLabels {
    /// Declares the histograms that are recorded for each tenant.
    pub(super) fn new(meter: &Meter, limit: usize) -> Self {
        let instruments = Arc::new(TenantInstruments {
            operation_duration: seconds(
                meter,
                "artifact_operation_duration",
                "Operations on artifacts, without the HTTP around them.",
                &FAST_BUCKETS,
            ),
            search_duration: seconds(meter, "artifact_search_duration", "Searches for artifacts.", &FAST_BUCKETS),
        });
        let other = Arc::new(TenantSeries::new(OTHER.into(), instruments.clone()));
        let folded_count = meter
            .u64_gauge("ghostworks_tenant_labels_folded")
            .with_description("Tenants that were active and share the label tenant_id=\"other\".")
            .build();
        folded_count.record(0, &[]);
        Self { limit, instruments, own: Series::default(), other, folded: Mutex::default(), folded_count }
    }

    /// The instruments of a tenant that has a label already, or those shared by all without one.
    pub(super) fn known(&self, tenant: TenantId) -> Arc<TenantSeries> {
        self.own.get(&tenant).unwrap_or_else(|| self.other.clone())
    }

    /// The instruments of one tenant, or those shared by all without a label.
    pub(super) fn get(&self, tenant: TenantId) -> Arc<TenantSeries> {
        let make = || TenantSeries::new(tenant.to_string().into(), self.instruments.clone());
        self.own.get_or_insert_up_to(self.limit, &tenant, make).unwrap_or_else(|| {
            self.count_folded(tenant);
            self.other.clone()
        })
    }

    fn count_folded(&self, tenant: TenantId) {
        let mut folded = self.folded.lock().unwrap_or_else(PoisonError::into_inner);
        if folded.len() < MAX_FOLDED && folded.insert(tenant) {
            self.folded_count.record(folded.len() as u64, &[]);
        }
    }
}

/// The instruments of one label value, bound when they are first used.
pub(super) struct TenantSeries {
    tenant: Value,
    instruments: Arc<TenantInstruments>,
    operations: Series<&'static str, BoundHistogram<f64>>,
    search: OnceLock<BoundHistogram<f64>>,
}

impl TenantSeries {
    fn new(tenant: Value, instruments: Arc<TenantInstruments>) -> Self {
        Self { tenant, instruments, operations: Series::default(), search: OnceLock::new() }
    }

    /// `tenant_id="…"`.
    pub(super) fn label(&self) -> KeyValue {
        KeyValue::new(TENANT_ID, self.tenant.clone())
    }

    /// The duration of one kind of operation.
    pub(super) fn operation(&self, operation: &'static str) -> Arc<BoundHistogram<f64>> {
        self.operations.get_or_insert(&operation, || {
            let labels = [self.label(), KeyValue::new("operation", operation)];
            self.instruments.operation_duration.bind(&labels)
        })
    }

    /// The duration of searches.
    pub(super) fn search(&self) -> &BoundHistogram<f64> {
        self.search.get_or_init(|| self.instruments.search_duration.bind(&[self.label()]))
    }
}
