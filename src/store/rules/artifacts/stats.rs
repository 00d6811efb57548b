//! What is in a workspace's catalog.

use std::collections::HashMap;

use crate::domain::{Artifact, ArtifactCounts, TenantId};
use crate::store::StoreResult;
use crate::store::engine::{Counter, Source, Span, Table};
use crate::store::reading::{at, readable};

/// See [`crate::store::Artifacts::artifact_counts`].
pub(super) fn counts(source: &dyn Source, tenant: TenantId) -> StoreResult<ArtifactCounts> {
    let count = |counter| source.count(tenant.to_bytes(), counter);
    Ok(ArtifactCounts { all: count(Counter::Artifacts)?, active: count(Counter::ActiveArtifacts)? })
}

/// See [`crate::store::Artifacts::artifact_tags`].
pub(super) fn tags(source: &dyn Source, tenant: TenantId) -> StoreResult<HashMap<String, u64>> {
    let mut by_tag: HashMap<String, u64> = HashMap::new();
    let mut cursor = source.range(Table::Artifacts, &Span::under(Table::Artifacts, &tenant.to_bytes()))?;
    while cursor.advance()? {
        let artifact: Option<Artifact> = readable(at(source, Table::Artifacts, &*cursor).map(Some))?;
        for tag in artifact.map(|artifact| artifact.tags.into_strings()).unwrap_or_default() {
            *by_tag.entry(tag).or_default() += 1;
        }
    }
    Ok(by_tag)
}
