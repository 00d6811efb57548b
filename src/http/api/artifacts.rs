//! Artifacts.

mod body;
mod entity_tag;
mod list;

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::{ApiResponse, OpenApi};
use uuid::Uuid;

use self::body::{ArtifactBody, CreateArtifactRequest, PageBody, UpdateArtifactRequest};
use self::entity_tag::{IfMatch, entity_tag, none_match_names};
use self::list::ListQuery;
use super::Tag;
use crate::http::extract::ArtifactsCaller;
use crate::http::json::Json;
use crate::http::problem::Problem;
use crate::http::refused::{BODY, BY_ID, INVALID, PRECONDITION_FAILED, Refused};
use crate::http::state::State;
use crate::http::types::{Limit, Offset, Search, Time};

/// Operations below `/api/v1/workspaces/{workspace_id}/artifacts`.
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
    ) -> Result<CreateArtifactResponse, Refused<{ BY_ID | BODY }>> {
        let artifact = state.service.create_artifact(&caller.0, workspace_id.0.into(), body.0.into()).await?;
        let location = format!("/api/v1/workspaces/{}/artifacts/{}", artifact.tenant, artifact.id);
        let etag = entity_tag(&artifact);
        Ok(CreateArtifactResponse::Created(Json(artifact.into()), location, etag))
    }

    /// List artifacts
    ///
    /// Newest first. Filters narrow the list together: `q` is found in the name or the description, without regard
    /// to case; of several `tags` any is enough.
    #[oai(path = "/:workspace_id/artifacts", method = "get", operation_id = "list_artifacts")]
    #[expect(clippy::too_many_arguments, reason = "one for each parameter of the query string")]
    async fn list(
        &self,
        state: Data<&Arc<State>>,
        caller: ArtifactsCaller,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        /// Text in the name or the description.
        q: Query<Option<Search>>,
        /// Tags, repeated or separated by commas.
        tags: Query<Option<Vec<String>>>,
        /// Created at this time or later.
        created_after: Query<Option<Time>>,
        /// Created at this time or earlier.
        created_before: Query<Option<Time>>,
        /// How many at most.
        limit: Query<Option<Limit>>,
        /// How many are passed over.
        offset: Query<Option<Offset>>,
    ) -> Result<Json<PageBody>, Refused<{ BY_ID | INVALID }>> {
        let query = ListQuery {
            q: q.0.map(|q| q.0),
            tags: tags.0.unwrap_or_default(),
            created_after: created_after.0,
            created_before: created_before.0,
            limit: limit.0,
            offset: offset.0,
        };
        let list = query.check().map_err(|violations| Problem::validation(&violations))?;
        let window = list.page;
        let page = state.service.artifacts(&caller.0, workspace_id.0.into(), list).await?;
        Ok(Json(PageBody::new(page, window)))
    }

    /// An artifact
    ///
    /// To a caller that still has it, as `If-None-Match` tells, it is not sent again.
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
        if_none_match: Header<Option<String>>,
    ) -> Result<GetArtifactResponse, Refused<{ BY_ID }>> {
        let artifact = state.service.artifact(&caller.0, workspace_id.0.into(), artifact_id.0.into()).await?;
        let etag = entity_tag(&artifact);
        if if_none_match.0.is_some_and(|tags| none_match_names(&tags, &etag)) {
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
        if_match: IfMatch,
        body: Json<UpdateArtifactRequest>,
    ) -> Result<UpdateArtifactResponse, Refused<{ BY_ID | BODY | PRECONDITION_FAILED }>> {
        let (tenant, id) = (workspace_id.0.into(), artifact_id.0.into());
        let artifact = state.service.update_artifact(&caller.0, tenant, id, if_match.0, body.0.into()).await?;
        let etag = entity_tag(&artifact);
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
        if_match: IfMatch,
        body: Json<UpdateArtifactRequest>,
    ) -> Result<UpdateArtifactResponse, Refused<{ BY_ID | BODY | PRECONDITION_FAILED }>> {
        self.update(state, caller, workspace_id, artifact_id, if_match, body).await
    }

    /// Delete an artifact
    ///
    /// It is gone from every list and read, and kept for the audit.
    #[oai(path = "/:workspace_id/artifacts/:artifact_id", method = "delete", operation_id = "delete_artifact")]
    async fn delete(
        &self,
        state: Data<&Arc<State>>,
        caller: ArtifactsCaller,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        /// The artifact's id.
        artifact_id: Path<Uuid>,
        /// Delete only if the artifact still has one of these entity tags.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
    ) -> Result<DeleteArtifactResponse, Refused<{ BY_ID | PRECONDITION_FAILED }>> {
        state.service.delete_artifact(&caller.0, workspace_id.0.into(), artifact_id.0.into(), if_match.0).await?;
        Ok(DeleteArtifactResponse::Deleted)
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
