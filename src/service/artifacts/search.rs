//! Finding artifacts.

use std::collections::HashMap;

use super::count;
use super::list::annotate_list;
use crate::domain::{Action, Artifact, ArtifactId, FoundArtifact, FoundArtifacts, Position, SearchArtifacts, TenantId};
use crate::service::{Caller, Error, Service};
use crate::telemetry::{Operation, Subject, annotate};

impl Service {
    /// A page of what is found in a workspace. It knows of every write that was answered before.
    pub async fn search_artifacts(
        &self,
        caller: &Caller,
        tenant: TenantId,
        wanted: SearchArtifacts,
    ) -> Result<FoundArtifacts, Error> {
        self.telemetry
            .observe(Operation::ArtifactSearch, Subject::new(tenant, caller.user), async {
                self.require(caller, tenant, Action::ReadArtifacts).await?;
                annotate_list(wanted.text.as_ref(), &wanted.list);
                let (deleted, highlights) = (wanted.list.filter.include_deleted, wanted.highlights);
                let newest = self.store.newest_change(Some(tenant)).await?;
                let (found, elapsed) = self.search.look(newest, move |index| index.search(tenant, &wanted)).await?;
                self.telemetry.metrics().search_queried(elapsed);
                let ids: Vec<ArtifactId> = found.page.iter().map(Position::id).collect();
                let artifacts = self.store.artifacts_by_id(tenant, ids.clone()).await?;
                // Only what a read would show: it may have gone since the index was asked.
                let shown = artifacts.into_iter().filter(|artifact| deleted || artifact.deleted_at.is_none());
                let mut shown: HashMap<ArtifactId, Artifact> = shown.map(|artifact| (artifact.id, artifact)).collect();
                let items: Vec<FoundArtifact> = ids
                    .iter()
                    .filter_map(|id| shown.remove(id))
                    .map(|artifact| FoundArtifact {
                        highlights: highlights.then(|| found.highlights(&artifact)),
                        artifact,
                    })
                    .collect();
                annotate("artifact.result_count", count(items.len()));
                annotate("artifact.total", i64::try_from(found.total).unwrap_or(i64::MAX));
                Ok(FoundArtifacts {
                    items,
                    total: found.total,
                    next: found.page.last().filter(|_| found.has_more).cloned(),
                    facets: found.facets,
                })
            })
            .await
    }
}
