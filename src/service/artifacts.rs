//! Artifacts.

use super::{Caller, Error, Service};
use crate::domain::{
    Action, Artifact, ArtifactDraft, ArtifactId, ArtifactPage, ArtifactPatch, ListArtifacts, RawArtifact,
    RawArtifactPatch, TenantId,
};
use crate::telemetry::{Operation, Subject, annotate, annotate_with};

impl Service {
    /// Creates an artifact.
    pub async fn create_artifact(
        &self,
        caller: &Caller,
        tenant: TenantId,
        raw: RawArtifact,
    ) -> Result<Artifact, Error> {
        self.telemetry
            .observe(Operation::ArtifactCreate, Subject::new(tenant, caller.user), async {
                self.require(caller, tenant, Action::WriteArtifacts).await?;
                let draft = ArtifactDraft::parse(raw)?;
                let now = self.clock.now();
                let artifact = Artifact {
                    id: self.ids.next(now),
                    tenant,
                    name: draft.name,
                    description: draft.description,
                    tags: draft.tags,
                    metadata: draft.metadata,
                    artifact_type: draft.artifact_type,
                    version: 1,
                    created_by: caller.user,
                    updated_by: caller.user,
                    created_at: now,
                    updated_at: now,
                    deleted_at: None,
                };
                let stamp = self.stamp_of(caller);
                self.store.create_artifact(tenant, artifact.clone(), stamp).await?;
                annotate_with("artifact.id", || artifact.id.to_string());
                self.telemetry.metrics().artifact_created(tenant, artifact.artifact_type.as_str());
                Ok(artifact)
            })
            .await
    }

    /// A page of a workspace's artifacts, newest first.
    pub async fn artifacts(
        &self,
        caller: &Caller,
        tenant: TenantId,
        list: ListArtifacts,
    ) -> Result<ArtifactPage, Error> {
        let operation = if list.filter.text.is_some() { Operation::ArtifactSearch } else { Operation::ArtifactList };
        self.telemetry
            .observe(operation, Subject::new(tenant, caller.user), async {
                self.require(caller, tenant, Action::ReadArtifacts).await?;
                annotate_list(&list);
                let page = self.store.list_artifacts(tenant, list).await?;
                annotate("artifact.result_count", count(page.items.len()));
                annotate("artifact.total", i64::try_from(page.total).unwrap_or(i64::MAX));
                Ok(page)
            })
            .await
    }

    /// An artifact.
    pub async fn artifact(&self, caller: &Caller, tenant: TenantId, id: ArtifactId) -> Result<Artifact, Error> {
        self.telemetry
            .observe(Operation::ArtifactGet, Subject::new(tenant, caller.user), async {
                self.require(caller, tenant, Action::ReadArtifacts).await?;
                annotate_with("artifact.id", || id.to_string());
                self.store.artifact(tenant, id).await?.ok_or(Error::ArtifactNotFound)
            })
            .await
    }

    /// Changes the fields an update names. With `versions`, only if the artifact has one of them.
    pub async fn update_artifact(
        &self,
        caller: &Caller,
        tenant: TenantId,
        id: ArtifactId,
        versions: Option<Vec<u64>>,
        raw: RawArtifactPatch,
    ) -> Result<Artifact, Error> {
        self.telemetry
            .observe(Operation::ArtifactUpdate, Subject::new(tenant, caller.user), async {
                self.require(caller, tenant, Action::WriteArtifacts).await?;
                annotate_with("artifact.id", || id.to_string());
                let patch = ArtifactPatch::parse(raw)?;
                let expected = self.expected_version(tenant, id, versions).await?;
                let stamp = self.stamp_of(caller);
                Ok(self.store.update_artifact(tenant, id, expected, patch, caller.user, stamp).await?)
            })
            .await
    }

    /// Moves an artifact to the trash. With `versions`, only if it has one of them.
    pub async fn delete_artifact(
        &self,
        caller: &Caller,
        tenant: TenantId,
        id: ArtifactId,
        versions: Option<Vec<u64>>,
    ) -> Result<(), Error> {
        self.telemetry
            .observe(Operation::ArtifactDelete, Subject::new(tenant, caller.user), async {
                self.require(caller, tenant, Action::WriteArtifacts).await?;
                annotate_with("artifact.id", || id.to_string());
                let expected = self.expected_version(tenant, id, versions).await?;
                let stamp = self.stamp_of(caller);
                Ok(self.store.delete_artifact(tenant, id, expected, caller.user, stamp).await?)
            })
            .await
    }

    /// The one version that the store is to expect, of those that a caller would take. When several would do it is the
    /// current one; should that change before the write, the store refuses.
    async fn expected_version(
        &self,
        tenant: TenantId,
        id: ArtifactId,
        versions: Option<Vec<u64>>,
    ) -> Result<Option<u64>, Error> {
        let Some(versions) = versions else { return Ok(None) };
        if let [version] = *versions {
            return Ok(Some(version));
        }
        let current = self.store.artifact(tenant, id).await?.ok_or(Error::ArtifactNotFound)?.version;
        if versions.contains(&current) { Ok(Some(current)) } else { Err(Error::VersionMismatch { current }) }
    }
}

/// What was asked, without what was typed: the length of the text, not the text.
fn annotate_list(list: &ListArtifacts) {
    let text = list.filter.text.as_ref();
    annotate("artifact.query.present", text.is_some());
    annotate("artifact.query.length", count(text.map_or(0, |text| text.as_str().chars().count())));
    annotate("artifact.tag_count", count(list.filter.tags.len()));
    annotate("artifact.sort", "-created_at");
    annotate("artifact.limit", count(list.page.limit));
    annotate("artifact.offset", count(list.page.offset));
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
