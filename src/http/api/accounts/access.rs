//! How people come into accounts, for operators: passwords, links to choose one, sessions; and what there is about a person.

use std::sync::Arc;

use poem::Request;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::data::{AccountDataBody, AccountSessionBody};
use crate::http::api::passwords::{KeyOfAccount, yes};
use crate::http::api::sessions::RevokedBody;
use crate::http::api::{Tag, example};
use crate::http::json::Json;
use crate::http::operators::Operator;
use crate::http::refused::{BODY, CONFLICT, FULL, INVALID, MALFORMED, NOT_FOUND, OPERATOR, Refused};
use crate::http::state::State;
use crate::http::types::{Flag, Limit, Time};
use crate::http::whole_list::{Order, WholeList};
use crate::service::ResetLink;

/// Operations below `/api/v1/operator/accounts` that let people in or out.
pub(in crate::http) struct AccountAccessApi;

#[OpenApi(prefix_path = "/api/v1/operator/accounts", tag = "Tag::Operator")]
impl AccountAccessApi {
    /// Set a password
    ///
    /// For operators, who hand it over; with a link, a person chooses one that nobody else knows. All sessions of the
    /// account end, and so do the API keys that it made, unless `revoke_api_keys` is false; the answer lists them.
    #[oai(path = "/:user_id/password", method = "put", operation_id = "set_account_password")]
    async fn set_password(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
        /// The account's id.
        user_id: Path<Uuid>,
        body: Json<SetPasswordRequest>,
    ) -> Result<Json<PasswordSetBody>, Refused<{ OPERATOR | BODY | NOT_FOUND | FULL }>> {
        let Json(SetPasswordRequest { new_password, revoke_api_keys: Flag(revoke_api_keys) }) = body;
        let (id, password) = (user_id.0.into(), new_password.into());
        let keys = state.service.set_account_password(id, password, revoke_api_keys, &operator.0).await?;
        let api_keys = keys.into_iter().map(|key| KeyOfAccount::new(key, revoke_api_keys)).collect();
        Ok(Json(PasswordSetBody { api_keys }))
    }

    /// Make a link to choose a password
    ///
    /// For operators, who hand it over by a way they trust: the first person to open it chooses the password. It is good once, and
    /// takes the place of all links that were mailed. For a disabled account: 409 `account_disabled`.
    #[oai(path = "/:user_id/reset-link", method = "post", operation_id = "create_reset_link")]
    async fn reset_link(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
        /// The account's id.
        user_id: Path<Uuid>,
    ) -> Result<Json<ResetLinkBody>, Refused<{ OPERATOR | MALFORMED | NOT_FOUND | CONFLICT | FULL }>> {
        Ok(Json(state.service.make_reset_link(user_id.0.into(), &operator.0).await?.into()))
    }

    /// List the sessions of an account
    ///
    /// For operators. Those that live, newest first. With a `limit`, or a `cursor`, it is read page by page: the `Link` header
    /// leads to the next.
    #[oai(path = "/:user_id/sessions", method = "get", operation_id = "list_account_sessions")]
    async fn sessions(
        &self,
        state: Data<&Arc<State>>,
        _operator: Operator,
        /// The account's id.
        user_id: Path<Uuid>,
        /// How many at most; without it, all.
        limit: Query<Option<Limit>>,
        /// The `cursor` of the `Link` to the next page.
        cursor: Query<Option<String>>,
        request: &Request,
    ) -> Result<WholeList<AccountSessionBody>, Refused<{ OPERATOR | MALFORMED | NOT_FOUND | INVALID }>> {
        let sessions = state.service.account_sessions(user_id.0.into()).await?;
        let items = sessions.into_iter().map(|session| (session.id.as_uuid(), AccountSessionBody::from(session)));
        let (limit, cursor) = (limit.0, cursor.0.as_deref());
        Ok(WholeList::new(items.collect(), Order::NewestFirst, limit, cursor, request.uri())?)
    }

    /// End all sessions of an account
    ///
    /// For operators. Its access and refresh tokens are dead from then on; API keys are not sessions.
    #[oai(path = "/:user_id/sessions", method = "delete", operation_id = "end_account_sessions")]
    async fn end_sessions(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
        /// The account's id.
        user_id: Path<Uuid>,
    ) -> Result<Json<RevokedBody>, Refused<{ OPERATOR | MALFORMED | NOT_FOUND | FULL }>> {
        let revoked = state.service.end_account_sessions(user_id.0.into(), &operator.0).await?;
        Ok(Json(RevokedBody { message: "All sessions of the account have ended".to_owned(), revoked }))
    }

    /// Export what there is about a person
    ///
    /// For operators. The account, its workspaces, sessions and API keys, and what it did and was done to it, as far back
    /// as the change log goes. What a person wrote in a workspace belongs to the workspace, and is not in it.
    #[oai(path = "/:user_id/export", method = "get", operation_id = "export_account")]
    async fn export(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
        /// The account's id.
        user_id: Path<Uuid>,
    ) -> Result<Json<AccountDataBody>, Refused<{ OPERATOR | MALFORMED | NOT_FOUND }>> {
        Ok(Json(state.service.export_account(user_id.0.into(), &operator.0).await?.into()))
    }
}

/// A password to be set.
#[derive(Deserialize, Object)]
#[oai(rename = "SetPasswordRequest", example)]
struct SetPasswordRequest {
    /// The new password, under the same rules as at registration.
    new_password: String,
    /// Whether the API keys that the account made end as well.
    #[serde(default = "yes")]
    #[oai(default = "yes")]
    revoke_api_keys: Flag,
}

impl Example for SetPasswordRequest {
    fn example() -> Self {
        Self { new_password: example::PASSWORD.to_owned(), revoke_api_keys: Flag(true) }
    }
}

/// A link that lets someone choose another password, once.
#[derive(Serialize, Object)]
#[oai(rename = "ResetLink")]
pub(super) struct ResetLinkBody {
    /// The link.
    url: String,
    /// When it is no longer good.
    expires_at: Time,
}

impl From<ResetLink> for ResetLinkBody {
    fn from(link: ResetLink) -> Self {
        Self { url: link.url, expires_at: Time(link.expires_at) }
    }
}

/// What became of the API keys of an account whose password was set.
#[derive(Serialize, Object)]
#[oai(rename = "PasswordSet")]
struct PasswordSetBody {
    /// The API keys that the account had made in its workspaces.
    api_keys: Vec<KeyOfAccount>,
}
