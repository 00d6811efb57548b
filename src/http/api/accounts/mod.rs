//! Accounts, for operators.

mod access;
mod body;
mod data;
mod made;

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use uuid::Uuid;

pub(in crate::http) use self::access::AccountAccessApi;
use self::body::{AccountBody, AccountDetailsBody, AccountPage};
pub(crate) use self::data::account_json;
pub(super) use self::data::{AccountDataBody, AccountDeletedBody};
use self::made::{CreateAccountRequest, CreateAccountResponse};
use super::Tag;
use crate::domain::{Email, UserId, Violations};
use crate::http::cursor::{self, NO_WORKSPACE};
use crate::http::json::Json;
use crate::http::operators::Operator;
use crate::http::problem::Problem;
use crate::http::refused::{BODY, CONFLICT, FULL, GONE, INVALID, MALFORMED, NOT_FOUND, OPERATOR, Refused};
use crate::http::state::State;
use crate::http::types::{Limit, within};

/// What cursors call the list of accounts.
const LIST: &str = "accounts";

/// Operations below `/api/v1/operator/accounts`.
pub(crate) struct AccountsApi;

#[OpenApi(prefix_path = "/api/v1/operator/accounts", tag = "Tag::Operator")]
impl AccountsApi {
    /// List accounts
    ///
    /// For operators. In the order of their ids, which is that of their registration for accounts made here.
    #[oai(path = "/", method = "get", operation_id = "list_accounts")]
    async fn list(
        &self,
        state: Data<&Arc<State>>,
        _operator: Operator,
        /// Only the account with this address.
        email: Query<Option<String>>,
        /// How many at most, from 1 to 100.
        limit: Query<Option<Limit>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<AccountPage>, Refused<{ OPERATOR | MALFORMED | INVALID | GONE }>> {
        let key = &state.service.signatures.cursor_key;
        cursor::require_current(key, cursor.0.as_deref())?;
        let (email, after, limit) = Violations::check(|check| {
            let email = check.field("/email", email.0.as_deref().map(Email::parse).transpose());
            let after = cursor.0.map(|text| cursor::decode(key, &text, LIST, NO_WORKSPACE));
            let after = check.field("/cursor", after.transpose());
            let limit = check.field("/limit", within(limit.0.unwrap_or(Limit::DEFAULT).0, 1, Limit::MAX));
            Some((email?, after?.map(UserId::from_bytes), limit?))
        })
        .map_err(|violations| Problem::validation(&violations))?;
        // One more, to see whether there is a next page.
        let mut users = state.service.accounts(email, after, limit + 1).await?;
        let has_more = users.len() > limit;
        users.truncate(limit);
        let last = users.last().filter(|_| has_more).map(|user| user.id.to_bytes());
        let next_cursor = last.and_then(|last| cursor::encode(key, LIST, NO_WORKSPACE, &last));
        Ok(Json(AccountPage { items: users.into_iter().map(AccountBody::from).collect(), next_cursor }))
    }

    /// Make an account
    ///
    /// For operators, even when registration is closed. Without a password, the answer has a link with which one is chosen: it is
    /// good once, for as long as a link of an e-mail. With `is_verified`, the address counts as theirs; with
    /// `is_operator`, they may operate the server.
    #[oai(path = "/", method = "post", operation_id = "create_account")]
    async fn create(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
        body: Json<CreateAccountRequest>,
    ) -> Result<CreateAccountResponse, Refused<{ OPERATOR | BODY | CONFLICT | FULL }>> {
        let created = state.service.create_account(body.0.into(), &operator.0).await?;
        Ok(CreateAccountResponse::Created(Json(created.into())))
    }

    /// Show an account
    ///
    /// For operators. With its workspaces, and how many sessions it has.
    #[oai(path = "/:user_id", method = "get", operation_id = "get_account")]
    async fn get(
        &self,
        state: Data<&Arc<State>>,
        _operator: Operator,
        /// The account's id.
        user_id: Path<Uuid>,
    ) -> Result<Json<AccountDetailsBody>, Refused<{ OPERATOR | MALFORMED | NOT_FOUND }>> {
        Ok(Json(state.service.account(user_id.0.into()).await?.into()))
    }

    /// Disable an account
    ///
    /// For operators. It can't sign in any more, its sessions end at once, and links that were sent to it are void. What
    /// it made stays, and its API keys stop. Done again, it changes nothing.
    #[oai(path = "/:user_id/disable", method = "post", operation_id = "disable_account")]
    async fn disable(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
        /// The account's id.
        user_id: Path<Uuid>,
    ) -> Result<Json<AccountDetailsBody>, Refused<{ OPERATOR | MALFORMED | NOT_FOUND | FULL }>> {
        Ok(Json(state.service.set_account_active(user_id.0.into(), false, &operator.0).await?.into()))
    }

    /// Enable an account
    ///
    /// For operators. It can sign in again. Done again, it changes nothing.
    #[oai(path = "/:user_id/enable", method = "post", operation_id = "enable_account")]
    async fn enable(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
        /// The account's id.
        user_id: Path<Uuid>,
    ) -> Result<Json<AccountDetailsBody>, Refused<{ OPERATOR | MALFORMED | NOT_FOUND | FULL }>> {
        Ok(Json(state.service.set_account_active(user_id.0.into(), true, &operator.0).await?.into()))
    }

    /// Make an account an operator's
    ///
    /// For operators. A person who is signed in to it may operate the server from the next request on; with
    /// its API keys never. Done again, it changes nothing.
    #[oai(path = "/:user_id/grant-operator", method = "post", operation_id = "grant_operator")]
    async fn grant_operator(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
        /// The account's id.
        user_id: Path<Uuid>,
    ) -> Result<Json<AccountDetailsBody>, Refused<{ OPERATOR | MALFORMED | NOT_FOUND | FULL }>> {
        Ok(Json(state.service.set_account_operator(user_id.0.into(), true, &operator.0).await?.into()))
    }

    /// Revoke that an account may operate
    ///
    /// For operators. It may not operate the server from the next request on. The last one may be revoked: the operator
    /// socket in the data directory remains. Done again, it changes nothing.
    #[oai(path = "/:user_id/revoke-operator", method = "post", operation_id = "revoke_operator")]
    async fn revoke_operator(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
        /// The account's id.
        user_id: Path<Uuid>,
    ) -> Result<Json<AccountDetailsBody>, Refused<{ OPERATOR | MALFORMED | NOT_FOUND | FULL }>> {
        Ok(Json(state.service.set_account_operator(user_id.0.into(), false, &operator.0).await?.into()))
    }

    /// Delete an account
    ///
    /// For operators. Sessions, memberships, and what is known about the person are gone; API keys that they made end, and
    /// the owners of their workspaces are told by mail, if there is mail. What they wrote stays, as that of a deleted account.
    /// Where nobody else owns a workspace: 409 `sole_owner`, unless `transfer_to` names an account that gets it. Backups
    /// from before have the person still; a restore deletes them again.
    #[oai(path = "/:user_id", method = "delete", operation_id = "delete_account")]
    async fn delete(
        &self,
        state: Data<&Arc<State>>,
        operator: Operator,
        /// The account's id.
        user_id: Path<Uuid>,
        /// The address of the account that gets what nobody else owns.
        transfer_to: Query<Option<String>>,
    ) -> Result<Json<AccountDeletedBody>, Refused<{ OPERATOR | MALFORMED | INVALID | NOT_FOUND | CONFLICT | FULL }>>
    {
        let keys = state.service.delete_account(user_id.0.into(), transfer_to.0.as_deref(), &operator.0).await?;
        Ok(Json(AccountDeletedBody::new(keys)))
    }
}
