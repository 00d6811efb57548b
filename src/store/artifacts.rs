//! Artifacts at the storage boundary.

use std::collections::HashMap;

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::{
    Artifact, ArtifactBatch, ArtifactCounts, ArtifactHistory, ArtifactId, ArtifactPage, ArtifactPatch, ArtifactWrite,
    Creation, FoundById, ListArtifacts, Precondition, Stamp, TenantId, UserId,
};

/// The catalog: artifacts, those in the trash, and what they were before.
#[async_trait]
pub trait Artifacts: Send + Sync {
    /// Adds an artifact, whose id may be of any version, and is no other artifact's. [`super::StoreError::NotFound`] when the workspace is gone.
    async fn create_artifact(&self, tenant: TenantId, artifact: Artifact, stamp: Stamp) -> StoreResult<()>;

    /// An artifact that is not in the trash.
    async fn artifact(&self, tenant: TenantId, id: ArtifactId) -> StoreResult<Option<Artifact>>;

    /// Those of some artifacts that are there, in the trash or not.
    async fn artifacts_by_id(&self, tenant: TenantId, ids: Vec<ArtifactId>) -> StoreResult<FoundById>;

    /// A page of artifacts, and how many match in all. What is there before, during and after a walk from page to page,
    /// unchanged, is on exactly one of them. [`super::StoreError::Overloaded`] when it takes too long, or too many ask
    /// for it at once.
    async fn list_artifacts(&self, tenant: TenantId, list: ListArtifacts) -> StoreResult<ArtifactPage>;

    /// The artifacts after a place in the order of creation, oldest first: some hundreds, less when they are large, and
    /// how many there are in all. With `deleted`, also those in the trash.
    async fn artifacts_after(
        &self,
        tenant: TenantId,
        after: Option<Creation>,
        deleted: bool,
    ) -> StoreResult<ArtifactBatch>;

    /// At most `limit` of the artifacts in the trash, those after an id: in the order of their ids, so that new ones come last.
    async fn artifacts_in_trash(
        &self,
        tenant: TenantId,
        after: Option<ArtifactId>,
        limit: usize,
    ) -> StoreResult<Vec<Artifact>>;

    /// How many artifacts there are.
    async fn artifact_counts(&self, tenant: TenantId) -> StoreResult<ArtifactCounts>;

    /// How many of the artifacts that are not in the trash have each tag: looks at all of them. Errors as
    /// [`Self::list_artifacts`].
    async fn artifact_tags(&self, tenant: TenantId) -> StoreResult<HashMap<String, u64>>;

    /// At most `limit` versions of an artifact before version `before`, newest first; `None` if there is none, not even
    /// in the trash.
    async fn artifact_history(
        &self,
        tenant: TenantId,
        id: ArtifactId,
        before: Option<u64>,
        limit: usize,
    ) -> StoreResult<Option<ArtifactHistory>>;

    /// Applies a partial update and returns the new version. [`super::StoreError::NotFound`] when there is no such
    /// artifact; [`super::StoreError::VersionMismatch`] when `expected` does not let its current version through.
    async fn update_artifact(
        &self,
        tenant: TenantId,
        id: ArtifactId,
        expected: Precondition,
        patch: ArtifactPatch,
        user: UserId,
        stamp: Stamp,
    ) -> StoreResult<Artifact>;

    /// Moves an artifact to the trash. Errors as [`Self::update_artifact`].
    async fn delete_artifact(
        &self,
        tenant: TenantId,
        id: ArtifactId,
        expected: Precondition,
        user: UserId,
        stamp: Stamp,
    ) -> StoreResult<()>;

    /// Takes an artifact out of the trash and returns its new version. [`super::StoreError::NotFound`] when it is not
    /// there.
    async fn restore_artifact(
        &self,
        tenant: TenantId,
        id: ArtifactId,
        user: UserId,
        stamp: Stamp,
    ) -> StoreResult<Artifact>;

    /// Removes an artifact for good, in the trash or not, with its history. Errors as [`Self::update_artifact`].
    async fn purge_artifact(
        &self,
        tenant: TenantId,
        id: ArtifactId,
        expected: Precondition,
        stamp: Stamp,
    ) -> StoreResult<()>;

    /// Carries out many writes in one commit, each seeing those before it, and returns what became of each: the new
    /// version, or why there is none. With `atomic`, nothing is written unless all of them succeed.
    /// [`super::StoreError::NotFound`] when the workspace is gone.
    async fn write_artifacts(
        &self,
        tenant: TenantId,
        writes: Vec<ArtifactWrite>,
        atomic: bool,
        user: UserId,
        stamp: Stamp,
    ) -> StoreResult<Vec<StoreResult<Artifact>>>;
}
