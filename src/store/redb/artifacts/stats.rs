//! What is in a workspace's catalog.

use std::collections::HashMap;

use super::super::counters::{self, Counter};
use super::super::scan::Budget;
use super::super::snapshot::Snapshot;
use super::super::tables::{read, rows_under};
use crate::domain::{Artifact, ArtifactCounts, TenantId};
use crate::store::StoreResult;

/// See [`crate::store::Artifacts::artifact_counts`].
pub(super) fn counts(snapshot: &Snapshot, tenant: TenantId) -> StoreResult<ArtifactCounts> {
    let count = |counter| counters::value_in(snapshot.counters()?, tenant, counter);
    Ok(ArtifactCounts { all: count(Counter::Artifacts)?, active: count(Counter::ActiveArtifacts)? })
}

/// See [`crate::store::Artifacts::artifact_tags`].
pub(super) fn tags(snapshot: &Snapshot, budget: &Budget, tenant: TenantId) -> StoreResult<HashMap<String, u64>> {
    let mut by_tag: HashMap<String, u64> = HashMap::new();
    for row in budget.over(rows_under(snapshot.artifacts()?, tenant.to_bytes())?) {
        let (key, row) = row?;
        let artifact: Artifact = read("artifacts", key.value(), row.value())?;
        for tag in artifact.tags.into_strings() {
            *by_tag.entry(tag).or_default() += 1;
        }
    }
    Ok(by_tag)
}
