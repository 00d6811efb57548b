//! Finding artifacts.

use std::collections::HashMap;

use super::attributes::{annotate_found, annotate_list};
use crate::domain::{
    Artifact, ArtifactId, FoundArtifact, FoundArtifacts, FoundById, ListPosition, SearchArtifacts, TenantId,
};
use crate::service::{Caller, Error, Service};
use crate::telemetry::Operation;

impl Service {
    /// A page of what is found in a workspace. It knows of every write that was answered before.
    pub async fn search_artifacts(
        &self,
        caller: &Caller,
        tenant: TenantId,
        wanted: SearchArtifacts,
    ) -> Result<FoundArtifacts, Error> {
        self.in_workspace(Operation::ArtifactSearch, caller, tenant, async {
            annotate_list(wanted.text.as_ref(), &wanted.list);
            let found = self.find(tenant, wanted).await?;
            annotate_found(&found);
            Ok(found)
        })
        .await
    }

    /// What the index finds, as it is in the store.
    pub(super) async fn find(&self, tenant: TenantId, wanted: SearchArtifacts) -> Result<FoundArtifacts, Error> {
        let (deleted, highlights) = (wanted.list.filter.include_deleted, wanted.highlights);
        let has_text = wanted.text.is_some();
        let found = self
            .look(tenant, move |index, budget| index.search(tenant, &wanted, budget), |found| found.page.len())
            .await?;
        let ids: Vec<ArtifactId> = found.page.iter().map(ListPosition::id).collect();
        let FoundById { artifacts, damaged } = self.store.artifacts_by_id(tenant, ids.clone()).await?;
        // Only what a read would show: it may have gone since the index was asked.
        let shown = artifacts.into_iter().filter(|artifact| deleted || artifact.deleted_at.is_none());
        let mut shown: HashMap<ArtifactId, Artifact> = shown.map(|artifact| (artifact.id, artifact)).collect();
        let items: Vec<FoundArtifact> = ids
            .iter()
            .filter_map(|id| shown.remove(id))
            .map(|artifact| FoundArtifact { highlights: highlights.then(|| found.highlights(&artifact)), artifact })
            .collect();
        Ok(FoundArtifacts {
            items,
            total: found.total,
            damaged: damaged.len() as u64,
            next: found.page.last().filter(|_| found.has_more).cloned(),
            ranking: has_text.then_some(found.ranking),
            facets: found.facets,
        })
    }
}
