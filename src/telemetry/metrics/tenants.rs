//! The tenant label: bounded, because every tenant costs its own copy of several histograms.
//!
//! The busiest tenants have a label of their own, all others share `tenant_id="other"`, and a gauge says how many they
//! are. Who is busy is found out as they go, for a series that was exported once stays for as long as the process: a
//! label can't be taken back. So it is earned, and the fewer are left, the more it costs: the first operation earns one
//! of the first half, ten one of the last tenth, and the last one of a thousand goes to the tenant that has done a
//! thousand. Passers-by can't use them up, and tenants that are really busy get one soon.
//!
//! What tenants without a label have done is counted in many small maps, each with a lock of its own: every operation of
//! theirs comes by here, and those of different tenants hardly ever wait for each other.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use opentelemetry::metrics::{BoundHistogram, Histogram, Meter};
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
    /// The tenants without a label.
    folded: [Mutex<Folded>; SHARDS],
    /// How many those are.
    folded_count: Arc<AtomicU64>,
    /// Held while a label is given away, so that there are never too many.
    giving: Mutex<()>,
}

/// Tenants without a label, and the operations that each has done.
type Folded = HashMap<TenantId, usize>;

const SHARDS: usize = 64;
/// How many tenants without a label each map distinguishes. Beyond it the count stands still, and the rest can't earn one.
const MAX_IN_SHARD: usize = 2000;

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
        let folded_count = Arc::new(AtomicU64::new(0));
        let observed = folded_count.clone();
        meter
            .u64_observable_gauge("ghostworks_tenant_labels_folded")
            .with_unit("{tenant}")
            .with_description("Tenants that were active and share the label tenant_id=\"other\".")
            .with_callback(move |observer| observer.observe(observed.load(Ordering::Relaxed), &[]))
            .build();
        let folded = std::array::from_fn(|_| Mutex::default());
        Self { limit, instruments, own: Series::default(), other, folded, folded_count, giving: Mutex::default() }
    }

    /// The instruments of a tenant that has a label already, or those shared by all without one.
    pub(super) fn known(&self, tenant: TenantId) -> Arc<TenantSeries> {
        self.own.get(&tenant).unwrap_or_else(|| self.other.clone())
    }

    /// The instruments of one tenant, or those shared by all without a label, for an operation that it has done.
    pub(super) fn get(&self, tenant: TenantId) -> Arc<TenantSeries> {
        self.own.get(&tenant).or_else(|| self.earn(tenant)).unwrap_or_else(|| self.other.clone())
    }

    /// Counts an operation of a tenant without a label, and gives it one if it has done enough.
    fn earn(&self, tenant: TenantId) -> Option<Arc<TenantSeries>> {
        let mut folded = self.folded(tenant);
        let known = folded.get_mut(&tenant).map(|done| {
            *done += 1;
            *done
        });
        let label = self.own.get(&tenant).or_else(|| self.give(tenant, known.unwrap_or(1)));
        match (&label, known) {
            (Some(_), Some(_)) => {
                folded.remove(&tenant);
                self.folded_count.fetch_sub(1, Ordering::Relaxed);
            }
            (None, None) if folded.len() < MAX_IN_SHARD => {
                folded.insert(tenant, 1);
                self.folded_count.fetch_add(1, Ordering::Relaxed);
            }
            (Some(_), None) | (None, _) => {}
        }
        label
    }

    /// Gives a tenant a label, if one is left and that many operations are its price.
    fn give(&self, tenant: TenantId, done: usize) -> Option<Arc<TenantSeries>> {
        if done < self.price()? {
            return None;
        }
        let _giving = self.giving.lock().unwrap_or_else(PoisonError::into_inner);
        if done < self.price()? {
            return None;
        }
        let make = || TenantSeries::new(tenant.to_string().into(), self.instruments.clone());
        Some(self.own.get_or_insert(&tenant, make))
    }

    /// The operations that a label costs now; none when there are no more.
    fn price(&self) -> Option<usize> {
        self.limit.checked_div(self.limit.saturating_sub(self.own.len()))
    }

    /// The map that a tenant without a label is in.
    fn folded(&self, tenant: TenantId) -> MutexGuard<'_, Folded> {
        let shard =
            tenant.to_bytes().into_iter().fold(0, |sum: usize, byte| sum.wrapping_mul(31).wrapping_add(byte.into()))
                % SHARDS;
        self.folded[shard].lock().unwrap_or_else(PoisonError::into_inner)
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

#[cfg(test)]
mod tests {
    use opentelemetry::metrics::MeterProvider as _;
    use opentelemetry_sdk::metrics::SdkMeterProvider;

    use super::*;

    fn tenant(number: u8) -> TenantId {
        TenantId::from_bytes([number; 16])
    }

    fn labels(limit: usize) -> TenantLabels {
        TenantLabels::new(&SdkMeterProvider::builder().build().meter("test"), limit)
    }

    #[test]
    fn the_busy_keep_a_label_from_passers_by() {
        let labels = labels(10);
        let passers_by = (0..100).filter(|&number| labels.get(tenant(number)).label().value != OTHER.into());
        assert_eq!(passers_by.count(), 5, "while half are left, the first operation earns one");
        let operations = (0..100).take_while(|_| labels.get(tenant(200)).label().value == OTHER.into());
        assert_eq!(operations.count(), 1, "with five left of ten, the second does");
        assert_eq!(labels.known(tenant(200)).label().value, tenant(200).to_string().into());
    }

    #[test]
    fn labels_are_given_away_once_however_many_ask_at_once() {
        let labels = labels(3);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..200).for_each(|number| drop(labels.get(tenant(number)))));
            }
        });
        assert_eq!(labels.own.len(), 3);
        assert_eq!(labels.folded_count.load(Ordering::Relaxed), 197);
    }

    #[test]
    fn there_are_never_more_labels_than_the_limit() {
        let labels = labels(10);
        for _ in 0..20 {
            for number in 0..100 {
                labels.get(tenant(number));
            }
        }
        assert_eq!(labels.own.len(), 10);
        assert_eq!(labels.folded_count.load(Ordering::Relaxed), 90);
    }
}
