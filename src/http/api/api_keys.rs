//! API keys of a workspace.

use std::sync::Arc;

use poem::Request;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Tag;
use crate::domain::{ApiKey, RawApiKey, Scope};
use crate::http::extract::SignedIn;
use crate::http::json::Json;
use crate::http::refused::{BODY, BY_ID, CONFLICT, FULL, INVALID, Refused};
use crate::http::state::State;
use crate::http::types::{Limit, ScopeName, Time};
use crate::http::whole_list::{Order, WholeList};
use crate::service::MadeApiKey;

/// Operations below `/api/v1/workspaces/{workspace_id}/api-keys`.
pub(crate) struct ApiKeysApi;

#[OpenApi(prefix_path = "/api/v1/workspaces", tag = "Tag::ApiKeys")]
impl ApiKeysApi {
    /// Make an API key
    ///
    /// Admins may. It lets a machine work with the artifacts of this workspace, for the person
    /// who made it, as long as that person is a member. The key itself is in this answer only.
    #[oai(path = "/:workspace_id/api-keys", method = "post", operation_id = "create_api_key")]
    async fn create(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        body: Json<CreateApiKeyRequest>,
    ) -> Result<CreateApiKeyResponse, Refused<{ BY_ID | BODY | CONFLICT | FULL }>> {
        let made = state.service.create_api_key(&caller.0, workspace_id.0.into(), body.0.into()).await?;
        Ok(CreateApiKeyResponse::Created(Json(made.into())))
    }

    /// List API keys
    ///
    /// Admins may. Newest first, those that have expired included, without the keys themselves.
    #[oai(path = "/:workspace_id/api-keys", method = "get", operation_id = "list_api_keys")]
    async fn list(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        /// How many at most; without it, all.
        limit: Query<Option<Limit>>,
        /// The `cursor` of the `Link` to the next page.
        cursor: Query<Option<String>>,
        request: &Request,
    ) -> Result<WholeList<ApiKeyBody>, Refused<{ BY_ID | INVALID }>> {
        let keys = state.service.api_keys(&caller.0, workspace_id.0.into()).await?;
        let items = keys.into_iter().map(|key| (key.id.as_uuid(), key.into()));
        let (limit, cursor) = (limit.0, cursor.0.as_deref());
        Ok(WholeList::new(items.collect(), Order::NewestFirst, limit, cursor, request.uri())?)
    }

    /// Revoke an API key
    ///
    /// Admins may. The next request with it is refused.
    #[oai(path = "/:workspace_id/api-keys/:key_id", method = "delete", operation_id = "revoke_api_key")]
    async fn revoke(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        /// The workspace's id.
        workspace_id: Path<Uuid>,
        /// The key's id.
        key_id: Path<Uuid>,
    ) -> Result<RevokeApiKeyResponse, Refused<{ BY_ID | FULL }>> {
        state.service.revoke_api_key(&caller.0, workspace_id.0.into(), key_id.0.into()).await?;
        Ok(RevokeApiKeyResponse::Revoked)
    }
}

/// A new API key.
#[derive(Deserialize, Object)]
#[oai(example)]
struct CreateApiKeyRequest {
    /// What it is called.
    #[oai(validator(
        min_length = 1,
        pattern = r"^[^\x00-\x1F\x7F-\x9F]*[^\s\x00-\x1F\x7F-\x9F][^\x00-\x1F\x7F-\x9F]*$"
    ))]
    name: String,
    /// What it is made for.
    #[oai(validator(min_items = 1))]
    scopes: Vec<ScopeName>,
    /// When it ends; never, unless said.
    #[serde(default)]
    #[oai(nullable)]
    expires_at: Option<Time>,
}

impl Example for CreateApiKeyRequest {
    fn example() -> Self {
        Self { name: "nightly build".to_owned(), scopes: vec![ScopeName::WriteArtifacts], expires_at: None }
    }
}

impl From<CreateApiKeyRequest> for RawApiKey {
    fn from(body: CreateApiKeyRequest) -> Self {
        Self {
            name: body.name,
            scopes: body.scopes.into_iter().map(Scope::from).collect(),
            expires_at: body.expires_at.map(|time| time.0),
        }
    }
}

#[derive(ApiResponse)]
enum CreateApiKeyResponse {
    /// The API key was made
    #[oai(status = 201)]
    Created(Json<MadeApiKeyBody>),
}

#[derive(ApiResponse)]
enum RevokeApiKeyResponse {
    /// The API key was revoked
    #[oai(status = 204)]
    Revoked,
}

/// An API key, without the key itself.
#[derive(Serialize, Object)]
#[oai(rename = "ApiKey")]
struct ApiKeyBody {
    /// Its id.
    id: Uuid,
    /// What it is called.
    name: String,
    /// What it was made for.
    scopes: Vec<ScopeName>,
    /// Who made it.
    created_by: Uuid,
    /// When it was made.
    created_at: Time,
    /// When it ends, if ever.
    #[oai(nullable)]
    expires_at: Option<Time>,
    /// When it was last used, to the minute or so.
    #[oai(nullable)]
    last_used_at: Option<Time>,
}

impl From<ApiKey> for ApiKeyBody {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id.as_uuid(),
            name: key.name.into_string(),
            scopes: key.scopes.into_iter().map(ScopeName::from).collect(),
            created_by: key.created_by.as_uuid(),
            created_at: Time(key.created_at),
            expires_at: key.expires_at.map(Time),
            last_used_at: key.last_used_at.map(Time),
        }
    }
}

/// An API key that was just made.
#[derive(Serialize, Object)]
#[oai(rename = "MadeApiKey")]
struct MadeApiKeyBody {
    /// Its id.
    id: Uuid,
    /// What it is called.
    name: String,
    /// What it was made for.
    scopes: Vec<ScopeName>,
    /// The key itself, which is shown this once: what `Authorization: Bearer` takes.
    key: String,
    /// Who made it.
    created_by: Uuid,
    /// When it was made.
    created_at: Time,
    /// When it ends, if ever.
    #[oai(nullable)]
    expires_at: Option<Time>,
}

impl From<MadeApiKey> for MadeApiKeyBody {
    fn from(made: MadeApiKey) -> Self {
        let ApiKeyBody { id, name, scopes, created_by, created_at, expires_at, .. } = made.key.into();
        Self { id, name, scopes, key: made.text, created_by, created_at, expires_at }
    }
}
