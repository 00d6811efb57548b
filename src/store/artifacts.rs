//! Artifacts at the storage boundary.

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::{Artifact, ArtifactId, ArtifactPage, ArtifactPatch, ListArtifacts, Stamp, TenantId, UserId};

/// The catalog: artifacts, and those in the trash.
#[async_trait]
pub trait Artifacts: Send + Sync {
    /// Adds an artifact. [`super::StoreError::NotFound`] when the workspace is gone.
    async fn create_artifact(&self, tenant: TenantId, artifact: Artifact, stamp: Stamp) -> StoreResult<()>;

    /// An artifact that is not in the trash.
    async fn artifact(&self, tenant: TenantId, id: ArtifactId) -> StoreResult<Option<Artifact>>;

    /// A page of the artifacts that are not in the trash, newest first, and how many match in all.
    /// [`super::StoreError::Overloaded`] when that takes too long, or too many ask for it at once.
    async fn list_artifacts(&self, tenant: TenantId, list: ListArtifacts) -> StoreResult<ArtifactPage>;

    /// Applies a partial update and returns the new version. [`super::StoreError::VersionMismatch`] when `expected` is
    /// given and is not the current version; [`super::StoreError::NotFound`] when there is no such artifact.
    async fn update_artifact(
        &self,
        tenant: TenantId,
        id: ArtifactId,
        expected: Option<u64>,
        patch: ArtifactPatch,
        user: UserId,
        stamp: Stamp,
    ) -> StoreResult<Artifact>;

    /// Moves an artifact to the trash. Errors as [`Self::update_artifact`].
    async fn delete_artifact(
        &self,
        tenant: TenantId,
        id: ArtifactId,
        expected: Option<u64>,
        user: UserId,
        stamp: Stamp,
    ) -> StoreResult<()>;
}
