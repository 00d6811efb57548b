//! Workspaces.

mod body;

use std::sync::Arc;

use poem::Request;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::{ApiResponse, OpenApi};
use uuid::Uuid;

pub(super) use self::body::WorkspaceBody;
use self::body::{CreateWorkspaceRequest, UpdateWorkspaceRequest};
use super::Tag;
use crate::http::extract::SignedIn;
use crate::http::json::Json;
use crate::http::refused::{BODY, BY_ID, CONFLICT, FULL, INVALID, MALFORMED, Refused, SIGNED_IN};
use crate::http::state::State;
use crate::http::types::{Flag, Limit};
use crate::http::whole_list::{Order, WholeList};

/// Operations below `/api/v1/workspaces`.
pub(crate) struct WorkspacesApi;

#[OpenApi(prefix_path = "/api/v1/workspaces", tag = "Tag::Workspaces")]
impl WorkspacesApi {
    /// Create a workspace
    ///
    /// The caller becomes its owner. Without a slug one is made from the name, and made unique.
    #[oai(path = "/", method = "post", operation_id = "create_workspace")]
    async fn create(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        body: Json<CreateWorkspaceRequest>,
    ) -> Result<CreateWorkspaceResponse, Refused<{ SIGNED_IN | BODY | CONFLICT | FULL }>> {
        let view = state.service.create_workspace(&caller.0, body.0.into()).await?;
        let location = format!("/api/v1/workspaces/{}", view.workspace.id);
        Ok(CreateWorkspaceResponse::Created(Json(view.into()), location))
    }

    /// List the caller's workspaces
    ///
    /// Oldest first. Those that are not in use (`is_active` is false) are left out, unless the caller is an admin there and asks
    /// for them.
    #[oai(path = "/", method = "get", operation_id = "list_workspaces")]
    async fn list(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        /// Also those that are not in use, of which the caller is an admin.
        include_inactive: Query<Option<Flag>>,
        /// How many at most; without it, all.
        limit: Query<Option<Limit>>,
        /// The `cursor` of the `Link` to the next page.
        cursor: Query<Option<String>>,
        request: &Request,
    ) -> Result<WholeList<WorkspaceBody>, Refused<{ SIGNED_IN | MALFORMED | INVALID }>> {
        let views = state.service.workspaces(&caller.0, Flag::is_set(include_inactive.0)).await?;
        let items = views.into_iter().map(|view| (view.workspace.id.as_uuid(), view.into()));
        let (limit, cursor) = (limit.0, cursor.0.as_deref());
        Ok(WholeList::new(items.collect(), Order::OldestFirst, limit, cursor, request.uri())?)
    }

    /// Get a workspace
    ///
    /// Non-members get 404.
    #[oai(path = "/:workspace_id", method = "get", operation_id = "get_workspace")]
    async fn get(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
    ) -> Result<Json<WorkspaceBody>, Refused<{ BY_ID }>> {
        Ok(Json(state.service.workspace(&caller.0, workspace_id.0.into()).await?.into()))
    }

    /// Update a workspace
    ///
    /// Admins may. Only the fields that are sent change; `null` clears the description or the settings. With `is_active` false
    /// it is used no more: members don't find it, and its API keys are refused, until an admin sets it to true again.
    #[oai(path = "/:workspace_id", method = "put", operation_id = "update_workspace")]
    async fn update(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        body: Json<UpdateWorkspaceRequest>,
    ) -> Result<Json<WorkspaceBody>, Refused<{ BY_ID | BODY | FULL }>> {
        let view = state.service.update_workspace(&caller.0, workspace_id.0.into(), body.0.into()).await?;
        Ok(Json(view.into()))
    }

    /// Patch a workspace
    ///
    /// The same as an update: only the fields that are sent change; `null` clears the description or the settings.
    #[oai(path = "/:workspace_id", method = "patch", operation_id = "patch_workspace")]
    async fn patch(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        body: Json<UpdateWorkspaceRequest>,
    ) -> Result<Json<WorkspaceBody>, Refused<{ BY_ID | BODY | FULL }>> {
        self.update(state, caller, workspace_id, body).await
    }

    /// Delete a workspace
    ///
    /// Owners may. It is gone at once and for good, with everything in it.
    #[oai(path = "/:workspace_id", method = "delete", operation_id = "delete_workspace")]
    async fn delete(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
    ) -> Result<DeleteWorkspaceResponse, Refused<{ BY_ID | FULL }>> {
        state.service.delete_workspace(&caller.0, workspace_id.0.into()).await?;
        Ok(DeleteWorkspaceResponse::Deleted)
    }
}

#[derive(ApiResponse)]
enum CreateWorkspaceResponse {
    /// The workspace was created
    #[oai(status = 201)]
    Created(
        Json<WorkspaceBody>,
        /// Where it is.
        #[oai(header = "Location")]
        String,
    ),
}

#[derive(ApiResponse)]
enum DeleteWorkspaceResponse {
    /// The workspace was deleted
    #[oai(status = 204)]
    Deleted,
}
