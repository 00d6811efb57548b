//! Accounts, for operators.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::{Object, OpenApi};
use serde::Serialize;
use uuid::Uuid;

use super::Tag;
use crate::domain::{Email, PersonName, User, UserId, Violations};
use crate::http::extract::{FromClient, Operator};
use crate::http::json::Json;
use crate::http::problem::Problem;
use crate::http::refused::{FULL, INVALID, MALFORMED, NOT_AUTHENTICATED, NOT_FOUND, Refused, SERVED};
use crate::http::state::State;
use crate::http::types::{Limit, RoleName, Time, within};
use crate::service::AccountDetails;

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
    ) -> Result<Json<AccountPage>, Refused<{ SERVED | NOT_AUTHENTICATED | MALFORMED | INVALID }>> {
        let (email, after, limit) = Violations::check(|check| {
            let email = check.field("/email", email.0.as_deref().map(Email::parse).transpose());
            let parse = |text: String| Uuid::try_parse(&text).map_err(|_| "must be a `next_cursor`".to_owned());
            let after = check.field("/cursor", cursor.0.map(parse).transpose());
            let limit = check.field("/limit", within(limit.0.unwrap_or(Limit::DEFAULT).0, 1, Limit::MAX));
            Some((email?, after?.map(UserId::from), limit?))
        })
        .map_err(|violations| Problem::validation(&violations))?;
        // One more, to see whether there is a next page.
        let mut users = state.service.accounts(email, after, limit + 1).await?;
        let has_more = users.len() > limit;
        users.truncate(limit);
        let next_cursor = users.last().filter(|_| has_more).map(|user| user.id.as_uuid().simple().to_string());
        Ok(Json(AccountPage { items: users.into_iter().map(AccountBody::from).collect(), next_cursor }))
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
    ) -> Result<Json<AccountDetailsBody>, Refused<{ SERVED | NOT_AUTHENTICATED | MALFORMED | NOT_FOUND }>> {
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
        _operator: Operator,
        client: FromClient,
        /// The account's id.
        user_id: Path<Uuid>,
    ) -> Result<Json<AccountDetailsBody>, Refused<{ SERVED | NOT_AUTHENTICATED | MALFORMED | NOT_FOUND | FULL }>> {
        Ok(Json(state.service.set_account_active(user_id.0.into(), false, &client.0).await?.into()))
    }

    /// Enable an account
    ///
    /// For operators. It can sign in again. Done again, it changes nothing.
    #[oai(path = "/:user_id/enable", method = "post", operation_id = "enable_account")]
    async fn enable(
        &self,
        state: Data<&Arc<State>>,
        _operator: Operator,
        client: FromClient,
        /// The account's id.
        user_id: Path<Uuid>,
    ) -> Result<Json<AccountDetailsBody>, Refused<{ SERVED | NOT_AUTHENTICATED | MALFORMED | NOT_FOUND | FULL }>> {
        Ok(Json(state.service.set_account_active(user_id.0.into(), true, &client.0).await?.into()))
    }
}

/// Some accounts.
#[derive(Serialize, Object)]
#[oai(rename = "AccountPage")]
struct AccountPage {
    /// The accounts.
    items: Vec<AccountBody>,
    /// What to send as `cursor` for the next page, when there is one.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// An account.
#[derive(Serialize, Object)]
#[oai(rename = "Account")]
struct AccountBody {
    /// Its id.
    id: Uuid,
    /// Its address.
    email: String,
    /// Given name.
    #[oai(nullable)]
    first_name: Option<String>,
    /// Family name.
    #[oai(nullable)]
    last_name: Option<String>,
    /// Whether it may sign in.
    is_active: bool,
    /// Whether its address is verified.
    is_verified: bool,
    /// When it was registered.
    created_at: Time,
}

impl From<User> for AccountBody {
    fn from(user: User) -> Self {
        Self {
            id: user.id.as_uuid(),
            email: user.email.into_string(),
            first_name: user.first_name.map(PersonName::into_string),
            last_name: user.last_name.map(PersonName::into_string),
            is_active: user.is_active,
            is_verified: user.is_verified,
            created_at: Time(user.created_at),
        }
    }
}

/// An account, and what it has.
#[derive(Serialize, Object)]
#[oai(rename = "AccountDetails")]
struct AccountDetailsBody {
    /// The account.
    account: AccountBody,
    /// The workspaces that it is a member of.
    workspaces: Vec<AccountWorkspaceBody>,
    /// How many sessions it has.
    sessions: usize,
}

/// A workspace of an account.
#[derive(Serialize, Object)]
#[oai(rename = "AccountWorkspace")]
struct AccountWorkspaceBody {
    /// Its id.
    id: Uuid,
    /// Its name.
    name: String,
    /// Its slug.
    slug: String,
    /// What the account may do there.
    role: RoleName,
}

impl From<AccountDetails> for AccountDetailsBody {
    fn from(details: AccountDetails) -> Self {
        let workspaces = details.workspaces.into_iter().map(|view| AccountWorkspaceBody {
            id: view.workspace.id.as_uuid(),
            name: view.workspace.name.into_string(),
            slug: view.workspace.slug.into_string(),
            role: view.role.into(),
        });
        Self { workspaces: workspaces.collect(), sessions: details.sessions, account: details.user.into() }
    }
}
