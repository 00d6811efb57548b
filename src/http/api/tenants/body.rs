//! Workspaces in answers to operators.

use poem_openapi::Object;
use poem_openapi::types::Example;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{OwnQuotas, Tenant, User};
use crate::http::types::Time;
use crate::service::TenantDetails;

/// Some workspaces.
#[derive(Serialize, Object)]
#[oai(rename = "OperatedWorkspacePage")]
pub(super) struct TenantPage {
    /// The workspaces.
    pub items: Vec<TenantBody>,
    /// What to send as `cursor` for the next page, when there is one.
    #[oai(nullable)]
    pub next_cursor: Option<String>,
}

/// A workspace, as operators see it: nothing of what is in it.
#[derive(Serialize, Object)]
#[oai(rename = "OperatedWorkspace")]
pub(super) struct TenantBody {
    /// Its id.
    id: Uuid,
    /// Its name.
    name: String,
    /// Its short name for URLs.
    slug: String,
    /// Whether it is in use, as its admins say.
    is_active: bool,
    /// Whether an operator keeps its members and API keys from it.
    is_suspended: bool,
    /// When it was created.
    created_at: Time,
    /// How many members it has.
    members: u64,
    /// How many API keys it has.
    api_keys: u64,
    /// How many artifacts it has, those in the trash included.
    artifacts: u64,
    /// How many of these are in the trash.
    in_trash: u64,
    /// The size of its artifacts and their histories, in bytes.
    bytes: u64,
    /// The quotas that are its own.
    quotas: OwnQuotasBody,
}

impl From<Tenant> for TenantBody {
    fn from(Tenant { workspace, usage, in_trash }: Tenant) -> Self {
        Self {
            id: workspace.id.as_uuid(),
            name: workspace.name.into_string(),
            slug: workspace.slug.into_string(),
            is_active: workspace.is_active,
            is_suspended: workspace.terms.is_suspended,
            created_at: Time(workspace.created_at),
            members: usage.members,
            api_keys: usage.api_keys,
            artifacts: usage.artifacts,
            in_trash,
            bytes: usage.bytes,
            quotas: workspace.terms.quotas.into(),
        }
    }
}

/// A workspace, and who owns it.
#[derive(Serialize, Object)]
#[oai(rename = "OperatedWorkspaceDetails")]
pub(super) struct TenantDetailsBody {
    /// The workspace.
    workspace: TenantBody,
    /// The accounts that own it.
    owners: Vec<OwnerBody>,
}

impl From<TenantDetails> for TenantDetailsBody {
    fn from(TenantDetails { tenant, owners }: TenantDetails) -> Self {
        Self { workspace: tenant.into(), owners: owners.into_iter().map(OwnerBody::from).collect() }
    }
}

/// An account that owns a workspace.
#[derive(Serialize, Object)]
#[oai(rename = "WorkspaceOwner")]
pub(super) struct OwnerBody {
    /// Its id.
    id: Uuid,
    /// Its address.
    email: String,
}

impl From<User> for OwnerBody {
    fn from(user: User) -> Self {
        Self { id: user.id.as_uuid(), email: user.email.into_string() }
    }
}

/// Quotas of one workspace, in the place of those for all.
#[derive(Serialize, Deserialize, Object)]
#[oai(rename = "OwnQuotas", example)]
pub(super) struct OwnQuotasBody {
    /// Artifacts, those in the trash included; `null` for as many as all may have.
    #[serde(default)]
    #[oai(nullable)]
    artifacts: Option<u64>,
    /// Bytes of artifacts, with the trash and all histories; `null` for as many as all may have.
    #[serde(default)]
    #[oai(nullable)]
    bytes: Option<u64>,
    /// Members; `null` for as many as all may have.
    #[serde(default)]
    #[oai(nullable)]
    members: Option<u64>,
    /// API keys; `null` for as many as all may have.
    #[serde(default)]
    #[oai(nullable)]
    api_keys: Option<u64>,
}

impl Example for OwnQuotasBody {
    fn example() -> Self {
        Self { artifacts: Some(100_000), bytes: Some(10 << 30), members: None, api_keys: None }
    }
}

impl From<OwnQuotas> for OwnQuotasBody {
    fn from(OwnQuotas { artifacts, bytes, members, api_keys }: OwnQuotas) -> Self {
        Self { artifacts, bytes, members, api_keys }
    }
}

impl From<OwnQuotasBody> for OwnQuotas {
    fn from(OwnQuotasBody { artifacts, bytes, members, api_keys }: OwnQuotasBody) -> Self {
        Self { artifacts, bytes, members, api_keys }
    }
}
