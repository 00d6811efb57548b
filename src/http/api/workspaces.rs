//! Workspaces.

use std::collections::BTreeMap;
use std::sync::Arc;

use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::Tag;
use crate::domain::{RawWorkspace, WorkspaceDescription, WorkspaceView};
use crate::http::extract::SignedIn;
use crate::http::json::Json;
use crate::http::refused::{BODY, BY_ID, CONFLICT, Refused, SIGNED_IN};
use crate::http::state::State;
use crate::http::types::{RoleName, Time};

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
    ) -> Result<CreateWorkspaceResponse, Refused<{ SIGNED_IN | BODY | CONFLICT }>> {
        let view = state.service.create_workspace(&caller.0, body.0.into()).await?;
        let location = format!("/api/v1/workspaces/{}", view.workspace.id);
        Ok(CreateWorkspaceResponse::Created(Json(view.into()), location))
    }

    /// The caller's workspaces
    ///
    /// Oldest first.
    #[oai(path = "/", method = "get", operation_id = "list_workspaces")]
    async fn list(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
    ) -> Result<Json<Vec<WorkspaceBody>>, Refused<{ SIGNED_IN }>> {
        let views = state.service.workspaces(&caller.0).await?;
        Ok(Json(views.into_iter().map(WorkspaceBody::from).collect()))
    }

    /// A workspace
    ///
    /// To who is no member, it does not exist.
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
}

/// A new workspace.
#[derive(Deserialize, Object)]
struct CreateWorkspaceRequest {
    /// Its name.
    #[oai(validator(min_length = 2, max_length = 100))]
    name: String,
    /// Its short name for URLs, unique among all workspaces.
    #[serde(default)]
    #[oai(validator(min_length = 1, max_length = 100, pattern = "^[a-z0-9-]+$"))]
    slug: Option<String>,
    /// What it is for.
    #[serde(default)]
    #[oai(validator(max_length = 1000))]
    description: Option<String>,
    /// Settings of its clients, up to 50 keys and 16 KiB.
    #[serde(default)]
    settings: Option<BTreeMap<String, Value>>,
}

impl From<CreateWorkspaceRequest> for RawWorkspace {
    fn from(body: CreateWorkspaceRequest) -> Self {
        Self {
            name: body.name,
            slug: body.slug,
            description: body.description,
            settings: body.settings.unwrap_or_default(),
        }
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

/// A workspace as one of its members sees it.
#[derive(Serialize, Object)]
#[oai(rename = "Workspace")]
struct WorkspaceBody {
    /// Its id.
    id: Uuid,
    /// Its name.
    name: String,
    /// Its short name for URLs.
    slug: String,
    /// What it is for.
    description: Option<String>,
    /// Settings of its clients.
    settings: BTreeMap<String, Value>,
    /// Whether it is in use.
    is_active: bool,
    /// When it was created.
    created_at: Time,
    /// When it last changed.
    updated_at: Time,
    /// How many members it has.
    member_count: u64,
    /// The caller's role in it.
    user_role: RoleName,
}

impl From<WorkspaceView> for WorkspaceBody {
    fn from(view: WorkspaceView) -> Self {
        let workspace = view.workspace;
        Self {
            id: workspace.id.as_uuid(),
            name: workspace.name.into_string(),
            slug: workspace.slug.into_string(),
            description: workspace.description.map(WorkspaceDescription::into_string),
            settings: workspace.settings.into_map(),
            is_active: workspace.is_active,
            created_at: Time(workspace.created_at),
            updated_at: Time(workspace.updated_at),
            member_count: view.member_count,
            user_role: view.role.into(),
        }
    }
}
