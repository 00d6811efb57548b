//! Workspaces in JSON.

use std::collections::BTreeMap;

use poem_openapi::Object;
use poem_openapi::types::{Example, MaybeUndefined};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::domain::{RawWorkspace, RawWorkspacePatch, WorkspaceDescription, WorkspaceView};
use crate::http::types::{Flag, RoleName, Time, field};

/// A new workspace.
#[derive(Deserialize, Object)]
#[oai(example)]
pub(super) struct CreateWorkspaceRequest {
    /// Its name: one line, all of which can be seen.
    #[oai(validator(
        min_length = 1,
        pattern = r"^[^\x00-\x1F\x7F-\x9F]*[^\s\x00-\x1F\x7F-\x9F][^\x00-\x1F\x7F-\x9F]*$"
    ))]
    name: String,
    /// Its short name for URLs, unique among all workspaces.
    #[serde(default)]
    #[oai(nullable, validator(min_length = 1, pattern = "^[a-z0-9-]+$"))]
    slug: Option<String>,
    /// What it is for.
    #[serde(default)]
    #[oai(nullable)]
    description: Option<String>,
    /// Settings of its clients, up to 50 keys and 16 KiB.
    #[serde(default)]
    #[oai(nullable, validator(max_properties = 50))]
    settings: Option<BTreeMap<String, Value>>,
}

impl Example for CreateWorkspaceRequest {
    fn example() -> Self {
        Self {
            name: "Acme Platform".to_owned(),
            slug: None,
            description: Some("What the platform team runs".to_owned()),
            settings: Some(BTreeMap::from([("theme".to_owned(), "dark".into())])),
        }
    }
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

/// What changes.
#[derive(Deserialize, Object)]
#[oai(example)]
pub(super) struct UpdateWorkspaceRequest {
    /// Its name: one line, all of which can be seen.
    #[serde(default)]
    #[oai(validator(
        min_length = 1,
        pattern = r"^[^\x00-\x1F\x7F-\x9F]*[^\s\x00-\x1F\x7F-\x9F][^\x00-\x1F\x7F-\x9F]*$"
    ))]
    name: MaybeUndefined<String>,
    /// What it is for.
    #[serde(default)]
    #[oai(nullable)]
    description: MaybeUndefined<String>,
    /// All settings of its clients, up to 50 keys and 16 KiB.
    #[serde(default)]
    #[oai(nullable, validator(max_properties = 50))]
    settings: MaybeUndefined<BTreeMap<String, Value>>,
    /// Whether it is in use. One that isn't is there for its admins alone.
    #[serde(default)]
    is_active: MaybeUndefined<Flag>,
}

impl Example for UpdateWorkspaceRequest {
    fn example() -> Self {
        Self {
            name: MaybeUndefined::Value("Acme Platform and Tools".to_owned()),
            description: MaybeUndefined::Null,
            settings: MaybeUndefined::Undefined,
            is_active: MaybeUndefined::Undefined,
        }
    }
}

impl From<UpdateWorkspaceRequest> for RawWorkspacePatch {
    fn from(body: UpdateWorkspaceRequest) -> Self {
        Self {
            name: field(body.name),
            description: field(body.description),
            settings: field(body.settings),
            is_active: field(body.is_active.map_value(|Flag(is_active)| is_active)),
        }
    }
}

/// A workspace as one of its members sees it.
#[derive(Serialize, Object)]
#[oai(rename = "Workspace")]
pub(in crate::http::api) struct WorkspaceBody {
    /// Its id.
    id: Uuid,
    /// Its name.
    name: String,
    /// Its short name for URLs.
    slug: String,
    /// What it is for.
    #[oai(nullable)]
    description: Option<String>,
    /// Settings of its clients.
    settings: BTreeMap<String, Value>,
    /// Whether it is in use.
    is_active: bool,
    /// Whether the operator of the server has suspended it: then nothing in it can be read or changed.
    is_suspended: bool,
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
            is_suspended: workspace.terms.is_suspended,
            created_at: Time(workspace.created_at),
            updated_at: Time(workspace.updated_at),
            member_count: view.member_count,
            user_role: view.role.into(),
        }
    }
}
