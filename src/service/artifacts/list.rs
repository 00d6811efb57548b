//! Lists of artifacts and of their versions, and figures about them.

use super::count;
use crate::domain::{
    Action, ArtifactHistory, ArtifactId, ArtifactPage, ArtifactStats, ListArtifacts, SearchText, TenantId,
};
use crate::service::{Caller, Error, Service};
use crate::telemetry::{Operation, Subject, annotate, annotate_with};

impl Service {
    /// A page of a workspace's artifacts.
    pub async fn artifacts(
        &self,
        caller: &Caller,
        tenant: TenantId,
        list: ListArtifacts,
    ) -> Result<ArtifactPage, Error> {
        self.telemetry
            .observe(Operation::ArtifactList, Subject::new(tenant, caller.user), async {
                self.require(caller, tenant, Action::ReadArtifacts).await?;
                annotate_list(None, &list);
                let page = self.store.list_artifacts(tenant, list).await?;
                annotate("artifact.result_count", count(page.items.len()));
                annotate("artifact.total", i64::try_from(page.total).unwrap_or(i64::MAX));
                Ok(page)
            })
            .await
    }

    /// What is in a workspace's catalog.
    pub async fn artifact_stats(&self, caller: &Caller, tenant: TenantId) -> Result<ArtifactStats, Error> {
        self.telemetry
            .observe(Operation::ArtifactStats, Subject::new(tenant, caller.user), async {
                self.require(caller, tenant, Action::ReadArtifacts).await?;
                Ok(self.store.artifact_stats(tenant).await?)
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
        self.telemetry
            .observe(Operation::ArtifactHistory, Subject::new(tenant, caller.user), async {
                self.require(caller, tenant, Action::ReadArtifacts).await?;
                annotate_with("artifact.id", || id.to_string());
                let history = self.store.artifact_history(tenant, id, before, limit).await?;
                history.ok_or(Error::ArtifactNotFound)
            })
            .await
    }
}

/// What was asked, without what was typed: the length of the text, not the text.
pub(super) fn annotate_list(text: Option<&SearchText>, list: &ListArtifacts) {
    let ListArtifacts { filter, sort, page } = list;
    annotate("artifact.query.present", text.is_some());
    annotate("artifact.query.length", count(text.map_or(0, |text| text.as_str().chars().count())));
    annotate("artifact.tag_count", count(filter.tags.len() + filter.tags_all.len() + filter.tags_none.len()));
    annotate("artifact.sort", sort.as_str());
    annotate("artifact.limit", count(page.limit));
    annotate("artifact.offset", count(page.offset()));
    annotate("artifact.cursor.present", page.after().is_some());
    annotate("artifact.include_deleted", filter.include_deleted);
}
