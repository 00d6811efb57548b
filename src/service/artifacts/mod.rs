//! Artifacts, one at a time.

mod attributes;
mod bulk;
mod list;
mod search;
mod transfer;

use super::{Caller, Error, Service};
use crate::domain::{
    Artifact, ArtifactDraft, ArtifactId, ArtifactPatch, Precondition, RawArtifact, RawArtifactPatch, TenantId, UserId,
};
use crate::telemetry::{Operation, annotate_with};

pub use bulk::BulkOutcome;
pub use transfer::Export;

impl Service {
    /// Creates an artifact.
    pub async fn create_artifact(
        &self,
        caller: &Caller,
        tenant: TenantId,
        raw: RawArtifact,
    ) -> Result<Artifact, Error> {
        self.in_workspace(Operation::ArtifactCreate, caller, tenant, async {
            let artifact = self.new_artifact(caller.user, tenant, ArtifactDraft::parse(raw)?);
            let stamp = self.stamp_of(caller);
            self.store.create_artifact(tenant, artifact.clone(), stamp).await?;
            annotate_with("artifact.id", || artifact.id.to_string());
            self.telemetry.metrics().artifact_created(tenant, artifact.artifact_type.as_str());
            Ok(artifact)
        })
        .await
    }

    /// An artifact that `user` makes now.
    fn new_artifact(&self, user: UserId, tenant: TenantId, draft: ArtifactDraft) -> Artifact {
        let now = self.clock.now();
        Artifact::new(self.ids.next(now), tenant, draft, user, now)
    }

    /// An artifact.
    pub async fn artifact(&self, caller: &Caller, tenant: TenantId, id: ArtifactId) -> Result<Artifact, Error> {
        self.in_workspace(Operation::ArtifactGet, caller, tenant, async {
            annotate_with("artifact.id", || id.to_string());
            self.store.artifact(tenant, id).await?.ok_or(Error::ArtifactNotFound)
        })
        .await
    }

    /// Changes the fields an update names.
    pub async fn update_artifact(
        &self,
        caller: &Caller,
        tenant: TenantId,
        id: ArtifactId,
        seen: Precondition,
        raw: RawArtifactPatch,
    ) -> Result<Artifact, Error> {
        self.in_workspace(Operation::ArtifactUpdate, caller, tenant, async {
            annotate_with("artifact.id", || id.to_string());
            let patch = self.check_patch(tenant, id, raw).await?;
            let expected = self.require_precondition(seen)?;
            let stamp = self.stamp_of(caller);
            Ok(self.store.update_artifact(tenant, id, expected, patch, caller.user, stamp).await?)
        })
        .await
    }

    /// The update, checked. A name and tags that the artifact has already are good, though nobody may choose them today.
    async fn check_patch(
        &self,
        tenant: TenantId,
        id: ArtifactId,
        raw: RawArtifactPatch,
    ) -> Result<ArtifactPatch, Error> {
        let stored = if raw.has_refused_text() { self.store.artifact(tenant, id).await? } else { None };
        let raw = match stored {
            Some(artifact) => raw.without_unchanged(&artifact),
            None => raw,
        };
        Ok(ArtifactPatch::parse(raw)?)
    }

    /// Moves an artifact to the trash.
    pub async fn delete_artifact(
        &self,
        caller: &Caller,
        tenant: TenantId,
        id: ArtifactId,
        seen: Precondition,
    ) -> Result<(), Error> {
        self.in_workspace(Operation::ArtifactDelete, caller, tenant, async {
            annotate_with("artifact.id", || id.to_string());
            let expected = self.require_precondition(seen)?;
            let stamp = self.stamp_of(caller);
            Ok(self.store.delete_artifact(tenant, id, expected, caller.user, stamp).await?)
        })
        .await
    }

    /// Takes an artifact out of the trash.
    pub async fn restore_artifact(&self, caller: &Caller, tenant: TenantId, id: ArtifactId) -> Result<Artifact, Error> {
        self.in_workspace(Operation::ArtifactRestore, caller, tenant, async {
            annotate_with("artifact.id", || id.to_string());
            let stamp = self.stamp_of(caller);
            Ok(self.store.restore_artifact(tenant, id, caller.user, stamp).await?)
        })
        .await
    }

    /// Removes an artifact for good, in the trash or not, with its history.
    pub async fn purge_artifact(
        &self,
        caller: &Caller,
        tenant: TenantId,
        id: ArtifactId,
        seen: Precondition,
    ) -> Result<(), Error> {
        self.in_workspace(Operation::ArtifactPurge, caller, tenant, async {
            annotate_with("artifact.id", || id.to_string());
            let expected = self.require_precondition(seen)?;
            let stamp = self.stamp_of(caller);
            Ok(self.store.purge_artifact(tenant, id, expected, stamp).await?)
        })
        .await
    }

    /// Refuses a change that must say which version it is about, and does not.
    fn require_precondition(&self, seen: Precondition) -> Result<Precondition, Error> {
        if self.require_if_match && seen == Precondition::None { Err(Error::PreconditionRequired) } else { Ok(seen) }
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
