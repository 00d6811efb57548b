//! Artifacts.

mod body;
mod bulk;
mod catalog;
mod entity_tag;
mod fields;
mod found;
#[cfg(fuzzing)]
pub mod fuzzing;
mod history;
mod list;

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::{ApiResponse, OpenApi};
use uuid::Uuid;

pub(in crate::http) use self::bulk::MAX_OPERATIONS;

use self::body::{ArtifactBody, PageBody, UpdateArtifactRequest};
pub(in crate::http) use self::entity_tag::EntityTags;
use self::entity_tag::entity_tag;
use self::history::HistoryBody;
use self::list::ListQuery;
use super::Tag;
use crate::domain::Artifact;
use crate::http::cursor;
use crate::http::extract::ArtifactsCaller;
use crate::http::json::Json;
use crate::http::problem::Problem;
use crate::http::refused::{BODY, BY_ID, CONFLICT, FULL, GONE, IF_MATCH, INVALID, Refused};
use crate::http::state::State;
use crate::http::types::{Flag, Limit};

pub(in crate::http::api) use body::CreateArtifactRequest;
pub(crate) use catalog::{CatalogApi, exported, import_lines};
pub(in crate::http::api) use catalog::{ExportResponse, ImportBody, unchecked};

/// An artifact in JSON, on a line of its own, as an export has it.
pub(crate) fn artifact_line(artifact: Artifact) -> String {
    let line = serde_json::to_string(&ArtifactBody::from(artifact)).unwrap_or_default();
    line + "\n"
}

/// An artifact in JSON, indented, as the API gives it out.
pub(crate) fn artifact_json(artifact: &Artifact) -> String {
    serde_json::to_string_pretty(&ArtifactBody::from(artifact.clone())).unwrap_or_default()
}

/// Operations on single artifacts of a workspace, and on the list of them.
pub(crate) struct ArtifactsApi;

#[OpenApi(prefix_path = "/api/v1/workspaces", tag = "Tag::Artifacts")]
impl ArtifactsApi {
    /// Create an artifact
    ///
    /// Any member of the workspace may. `Location` says where it is, and `ETag` is what a later `If-Match` takes.
    #[oai(path = "/:workspace_id/artifacts", method = "post", operation_id = "create_artifact")]
    async fn create(
        &self,
        state: Data<&Arc<State>>,
        caller: ArtifactsCaller,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        body: Json<CreateArtifactRequest>,
    ) -> Result<CreateArtifactResponse, Refused<{ BY_ID | BODY | CONFLICT | FULL }>> {
        let artifact = state.service.create_artifact(&caller.0, workspace_id.0.into(), body.0.into()).await?;
        let location = format!("/api/v1/workspaces/{}/artifacts/{}", artifact.tenant, artifact.id);
        let etag = entity_tag(state.service.history(), &artifact);
        Ok(CreateArtifactResponse::Created(Json(artifact.into()), location, etag))
    }

    /// List artifacts
    ///
    /// Newest first, or with `q` what fits best first, unless another `sort` is asked for.
    /// Filters narrow the list together. To get all of a list, follow `next_cursor`: what is there and stays as it is
    /// meanwhile comes exactly once.
    #[oai(path = "/:workspace_id/artifacts", method = "get", operation_id = "list_artifacts")]
    async fn list(
        &self,
        state: Data<&Arc<State>>,
        caller: ArtifactsCaller,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        query: ListQuery,
    ) -> Result<Json<PageBody>, Refused<{ BY_ID | INVALID | GONE }>> {
        Ok(list::answer(&state.service, &caller.0, workspace_id.0.into(), query, false).await?)
    }

    /// Get an artifact
    ///
    /// To a caller that still has it, as `If-None-Match` says, it is not sent again.
    #[oai(path = "/:workspace_id/artifacts/:artifact_id", method = "get", operation_id = "get_artifact")]
    async fn get(
        &self,
        state: Data<&Arc<State>>,
        caller: ArtifactsCaller,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        /// The artifact's id.
        artifact_id: Path<Uuid>,
        /// Answer 304 if the artifact still has this entity tag.
        #[oai(name = "If-None-Match")]
        if_none_match: EntityTags,
    ) -> Result<GetArtifactResponse, Refused<{ BY_ID }>> {
        let artifact = state.service.artifact(&caller.0, workspace_id.0.into(), artifact_id.0.into()).await?;
        let etag = entity_tag(state.service.history(), &artifact);
        if if_none_match.name(&etag) {
            return Ok(GetArtifactResponse::NotModified(etag));
        }
        Ok(GetArtifactResponse::Found(Json(artifact.into()), etag))
    }

    /// Update an artifact
    ///
    /// Only the fields that are sent change; `null` clears a field.
    #[oai(path = "/:workspace_id/artifacts/:artifact_id", method = "put", operation_id = "update_artifact")]
    async fn update(
        &self,
        state: Data<&Arc<State>>,
        caller: ArtifactsCaller,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        /// The artifact's id.
        artifact_id: Path<Uuid>,
        /// Update only if the artifact still has one of these entity tags.
        #[oai(name = "If-Match")]
        if_match: EntityTags,
        body: Json<UpdateArtifactRequest>,
    ) -> Result<UpdateArtifactResponse, Refused<{ BY_ID | BODY | CONFLICT | IF_MATCH | FULL }>> {
        let (tenant, id) = (workspace_id.0.into(), artifact_id.0.into());
        let seen = if_match.precondition(state.service.history());
        let artifact = state.service.update_artifact(&caller.0, tenant, id, seen, body.0.into()).await?;
        let etag = entity_tag(state.service.history(), &artifact);
        Ok(UpdateArtifactResponse::Updated(Json(artifact.into()), etag))
    }

    /// Patch an artifact
    ///
    /// The same as an update: only the fields that are sent change; `null` clears a field.
    #[oai(path = "/:workspace_id/artifacts/:artifact_id", method = "patch", operation_id = "patch_artifact")]
    async fn patch(
        &self,
        state: Data<&Arc<State>>,
        caller: ArtifactsCaller,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        /// The artifact's id.
        artifact_id: Path<Uuid>,
        /// Update only if the artifact still has one of these entity tags.
        #[oai(name = "If-Match")]
        if_match: EntityTags,
        body: Json<UpdateArtifactRequest>,
    ) -> Result<UpdateArtifactResponse, Refused<{ BY_ID | BODY | CONFLICT | IF_MATCH | FULL }>> {
        self.update(state, caller, workspace_id, artifact_id, if_match, body).await
    }

    /// Delete an artifact
    ///
    /// It moves to the trash: gone from reads and lists, until it is restored. With `purge` it is really gone, with its
    /// history, also when it is in the trash already; this needs an admin.
    #[oai(path = "/:workspace_id/artifacts/:artifact_id", method = "delete", operation_id = "delete_artifact")]
    async fn delete(
        &self,
        state: Data<&Arc<State>>,
        caller: ArtifactsCaller,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        /// The artifact's id.
        artifact_id: Path<Uuid>,
        /// Remove it for good.
        purge: Query<Option<Flag>>,
        /// Delete only if the artifact still has one of these entity tags.
        #[oai(name = "If-Match")]
        if_match: EntityTags,
    ) -> Result<DeleteArtifactResponse, Refused<{ BY_ID | IF_MATCH | FULL }>> {
        let (tenant, id) = (workspace_id.0.into(), artifact_id.0.into());
        let seen = if_match.precondition(state.service.history());
        if Flag::is_set(purge.0) {
            state.service.purge_artifact(&caller.0, tenant, id, seen).await?;
        } else {
            state.service.delete_artifact(&caller.0, tenant, id, seen).await?;
        }
        Ok(DeleteArtifactResponse::Deleted)
    }

    /// Restore an artifact
    ///
    /// Takes it out of the trash, as it was, with a new version.
    #[oai(path = "/:workspace_id/artifacts/:artifact_id/restore", method = "post", operation_id = "restore_artifact")]
    async fn restore(
        &self,
        state: Data<&Arc<State>>,
        caller: ArtifactsCaller,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        /// The artifact's id.
        artifact_id: Path<Uuid>,
    ) -> Result<UpdateArtifactResponse, Refused<{ BY_ID | CONFLICT | FULL }>> {
        let artifact = state.service.restore_artifact(&caller.0, workspace_id.0.into(), artifact_id.0.into()).await?;
        let etag = entity_tag(state.service.history(), &artifact);
        Ok(UpdateArtifactResponse::Updated(Json(artifact.into()), etag))
    }

    /// List the versions of an artifact
    ///
    /// Every version, newest first: who made it, when, what changed, and the artifact as it was. Also of one in the
    /// trash.
    #[oai(path = "/:workspace_id/artifacts/:artifact_id/history", method = "get", operation_id = "artifact_history")]
    async fn history(
        &self,
        state: Data<&Arc<State>>,
        caller: ArtifactsCaller,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        /// The artifact's id.
        artifact_id: Path<Uuid>,
        /// How many at most.
        limit: Query<Option<Limit>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<HistoryBody>, Refused<{ BY_ID | INVALID | GONE }>> {
        let (tenant, id) = (workspace_id.0.into(), artifact_id.0.into());
        let key = &state.service.signatures.cursor_key;
        cursor::require_current(key, cursor.0.as_deref())?;
        let (limit, before) = history::check(key, limit.0, cursor.0.as_deref(), tenant, id)
            .map_err(|violations| Problem::validation(&violations))?;
        let history = state.service.artifact_history(&caller.0, tenant, id, before, limit).await?;
        Ok(Json(HistoryBody::new(&state.service.signatures.cursor_key, history, tenant, id)))
    }
}

#[derive(ApiResponse)]
enum CreateArtifactResponse {
    /// The artifact was created
    #[oai(status = 201)]
    Created(
        Json<ArtifactBody>,
        /// Where it is.
        #[oai(header = "Location")]
        String,
        /// Its entity tag.
        #[oai(header = "ETag")]
        String,
    ),
}

#[derive(ApiResponse)]
#[expect(clippy::large_enum_variant, reason = "the large one is the usual one, and neither lives long")]
enum GetArtifactResponse {
    /// The artifact
    #[oai(status = 200)]
    Found(
        Json<ArtifactBody>,
        /// Its entity tag.
        #[oai(header = "ETag")]
        String,
    ),
    /// It still has the entity tag that was sent
    #[oai(status = 304)]
    NotModified(
        /// Its entity tag.
        #[oai(header = "ETag")]
        String,
    ),
}

#[derive(ApiResponse)]
enum UpdateArtifactResponse {
    /// The artifact as it is now
    #[oai(status = 200)]
    Updated(
        Json<ArtifactBody>,
        /// Its entity tag.
        #[oai(header = "ETag")]
        String,
    ),
}

#[derive(ApiResponse)]
enum DeleteArtifactResponse {
    /// The artifact was deleted
    #[oai(status = 204)]
    Deleted,
}
