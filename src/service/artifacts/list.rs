//! Lists of artifacts and of their versions, and figures about them.

use std::collections::HashMap;

use super::attributes::{annotate_found, annotate_list};
use super::count;
use crate::domain::{
    Artifact, ArtifactCounts, ArtifactHistory, ArtifactId, ArtifactPage, ArtifactStats, FacetFields, Facets,
    FoundArtifact, FoundArtifacts, ListArtifacts, SearchArtifacts, TagPrefix, TenantId,
};
use crate::service::{Caller, Error, Service};
use crate::telemetry::{Operation, annotate, annotate_with};

/// In a workspace of no more artifacts than this, to look at all of them takes no longer than to let the index catch up.
const SMALL: u64 = 1000;

impl Service {
    /// A page of a workspace's artifacts.
    pub async fn artifacts(
        &self,
        caller: &Caller,
        tenant: TenantId,
        list: ListArtifacts,
    ) -> Result<FoundArtifacts, Error> {
        self.in_workspace(Operation::ArtifactList, caller, tenant, async {
            annotate_list(None, &list);
            let page = self.page(tenant, list).await?;
            annotate_found(&page);
            Ok(page)
        })
        .await
    }

    /// A part of the list as it is stored is read from there; what matches in a large workspace, or in another order, is
    /// found by the index.
    async fn page(&self, tenant: TenantId, list: ListArtifacts) -> Result<FoundArtifacts, Error> {
        if !list.is_stored_order() && self.must_ask_index(self.store.artifact_counts(tenant).await?) {
            let wanted =
                SearchArtifacts { text: None, list, facets: FacetFields::default(), highlights: false, ranking: None };
            return self.find(tenant, wanted).await;
        }
        let ArtifactPage { items, total, damaged, next } = self.store.list_artifacts(tenant, list).await?;
        let items = items.into_iter().map(|artifact| FoundArtifact { artifact, highlights: None }).collect();
        Ok(FoundArtifacts { items, total, damaged, next, ranking: None, facets: None })
    }

    /// How many artifacts have each of the tags that begin with `prefix`.
    async fn tags(
        &self,
        tenant: TenantId,
        counts: ArtifactCounts,
        prefix: TagPrefix,
    ) -> Result<HashMap<String, u64>, Error> {
        if self.must_ask_index(counts) {
            return self.look(tenant, move |index, budget| index.tags(tenant, &prefix, budget), HashMap::len).await;
        }
        let mut tags = self.store.artifact_tags(tenant).await?;
        tags.retain(|tag, _| tag.starts_with(prefix.as_str()));
        Ok(tags)
    }

    /// Whether a workspace is too large to look at all of its artifacts. While the index is rebuilt, none is.
    fn must_ask_index(&self, counts: ArtifactCounts) -> bool {
        self.search.reached().is_some() && counts.all > SMALL
    }

    /// What is in a workspace's catalog.
    pub async fn artifact_stats(&self, caller: &Caller, tenant: TenantId) -> Result<ArtifactStats, Error> {
        self.in_workspace(Operation::ArtifactStats, caller, tenant, async {
            let counts = self.store.artifact_counts(tenant).await?;
            let by_tag = self.tags(tenant, counts, TagPrefix::default()).await?;
            let (usage, quotas) = self.store.usage(tenant).await?;
            Ok(ArtifactStats::new(counts, by_tag, usage, quotas))
        })
        .await
    }

    /// Tags that begin with `prefix`, with how many artifacts have each: at most `limit`, those that most have first.
    pub async fn artifact_tags(
        &self,
        caller: &Caller,
        tenant: TenantId,
        prefix: TagPrefix,
        limit: usize,
    ) -> Result<Vec<(String, u64)>, Error> {
        self.in_workspace(Operation::ArtifactTags, caller, tenant, async {
            annotate("artifact.limit", count(limit));
            let counts = self.store.artifact_counts(tenant).await?;
            let tags = Facets::most(self.tags(tenant, counts, prefix).await?, limit);
            annotate("artifact.result_count", count(tags.len()));
            Ok(tags)
        })
        .await
    }

    /// At most `limit` of a workspace's artifacts in the trash, those after an id.
    pub async fn trash(
        &self,
        caller: &Caller,
        tenant: TenantId,
        after: Option<ArtifactId>,
        limit: usize,
    ) -> Result<Vec<Artifact>, Error> {
        self.in_workspace(Operation::ArtifactList, caller, tenant, async {
            annotate("artifact.limit", count(limit));
            annotate("artifact.include_deleted", true);
            let artifacts = self.store.artifacts_in_trash(tenant, after, limit).await?;
            annotate("artifact.result_count", count(artifacts.len()));
            Ok(artifacts)
        })
        .await
    }

    /// An artifact, in the trash or not.
    pub async fn artifact_or_trashed(
        &self,
        caller: &Caller,
        tenant: TenantId,
        id: ArtifactId,
    ) -> Result<Artifact, Error> {
        self.in_workspace(Operation::ArtifactGet, caller, tenant, async {
            annotate_with("artifact.id", || id.to_string());
            let found = self.store.artifacts_by_id(tenant, vec![id]).await?;
            found.artifacts.into_iter().next().ok_or(Error::ArtifactNotFound)
        })
        .await
    }

    /// At most `limit` versions of an artifact before version `before`, newest first. Those of one in the trash are
    /// there, too.
    pub async fn artifact_history(
        &self,
        caller: &Caller,
        tenant: TenantId,
        id: ArtifactId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<ArtifactHistory, Error> {
        self.in_workspace(Operation::ArtifactHistory, caller, tenant, async {
            annotate_with("artifact.id", || id.to_string());
            let history = self.store.artifact_history(tenant, id, before, limit).await?;
            history.ok_or(Error::ArtifactNotFound)
        })
        .await
    }
}
