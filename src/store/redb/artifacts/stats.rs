//! What is in a workspace's catalog.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::super::counters::{self, Counter};
use super::super::records;
use super::super::scan::Budget;
use super::super::snapshot::Snapshot;
use super::super::tables::rows_under;
use crate::domain::{Artifact, ArtifactStats, TenantId};
use crate::store::StoreResult;

/// See [`crate::store::Artifacts::artifact_stats`].
pub(super) fn stats(snapshot: &Snapshot, budget: &Budget, tenant: TenantId) -> StoreResult<ArtifactStats> {
    let mut by_tag: HashMap<String, u64> = HashMap::new();
    for row in budget.over(rows_under(snapshot.artifacts()?, tenant.to_bytes())?) {
        let artifact: Artifact = records::decode(row?.1.value())?;
        for tag in artifact.tags.into_strings() {
            *by_tag.entry(tag).or_default() += 1;
        }
    }
    let count = |counter| counters::value_in(snapshot.counters()?, tenant, counter);
    let tags = by_tag.len() as u64;
    let mut most_used_tags: Vec<(String, u64)> = by_tag.into_iter().collect();
    most_used_tags
        .sort_unstable_by(|(tag, count), (other, others)| (Reverse(count), tag).cmp(&(Reverse(others), other)));
    most_used_tags.truncate(ArtifactStats::MOST_USED_TAGS);
    Ok(ArtifactStats {
        artifacts: count(Counter::Artifacts)?,
        active_artifacts: count(Counter::ActiveArtifacts)?,
        tags,
        most_used_tags,
    })
}
