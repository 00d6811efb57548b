//! One's own account: what one is called, one's address, and what there is about one.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;

use super::accounts::{AccountDataBody, AccountDeletedBody};
use super::tokens::{MessageBody, WithCookies};
use super::{Tag, example};
use crate::http::extract::SignedIn;
use crate::http::json::Json;
use crate::http::refused::{BODY, CONFLICT, FULL, Refused, SIGNED_IN};
use crate::http::state::State;

/// Operations below `/api/v1/auth/me`.
pub(crate) struct OwnAccountApi;

#[OpenApi(prefix_path = "/api/v1/auth/me", tag = "Tag::Auth")]
impl OwnAccountApi {
    /// Ask for another address
    ///
    /// Needs the current password. A mail with a token goes to the new address; `verify-email` takes the token, and from then
    /// on the account has that address and no other. The former address is told. The answer is the same for any address,
    /// with or without an account.
    #[oai(path = "/email", method = "post", operation_id = "change_email")]
    async fn change_email(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        body: Json<ChangeEmailRequest>,
    ) -> Result<Json<MessageBody>, Refused<{ SIGNED_IN | BODY | FULL }>> {
        let Json(ChangeEmailRequest { current_password, new_email }) = body;
        state.service.change_email(&caller.0, current_password.into(), &new_email).await?;
        Ok(Json(MessageBody::new("If the address can be had, a mail with further steps is on its way to it")))
    }

    /// Delete one's account
    ///
    /// Needs the current password. Sessions, memberships, and what is known about the person are gone; API keys that they
    /// made end, and the owners of their workspaces are told. What they wrote stays, as that of a deleted account. Where
    /// nobody else owns a workspace: 409 `sole_owner`, unless `transfer_to` names a member of it.
    #[oai(path = "/delete", method = "post", operation_id = "delete_own_account")]
    async fn delete(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        body: Json<DeleteOwnAccountRequest>,
    ) -> Result<WithCookies<AccountDeletedBody>, Refused<{ SIGNED_IN | BODY | CONFLICT | FULL }>> {
        let Json(DeleteOwnAccountRequest { current_password, transfer_to }) = body;
        let (current, heir) = (current_password.into(), transfer_to.as_deref());
        let keys = state.service.delete_own_account(&caller.0, current, heir).await?;
        Ok(WithCookies::clear(AccountDeletedBody::new(keys), &state))
    }

    /// Export what there is about oneself
    ///
    /// Needs the current password. The account, its workspaces, sessions and API keys, and what it did and was done to it, as
    /// far back as the change log goes. What one wrote in a workspace belongs to the workspace, and is not in it.
    #[oai(path = "/export", method = "post", operation_id = "export_own_data")]
    async fn export(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        body: Json<CurrentPasswordRequest>,
    ) -> Result<Json<AccountDataBody>, Refused<{ SIGNED_IN | BODY | FULL }>> {
        let current = body.0.current_password.into();
        Ok(Json(state.service.export_own_data(&caller.0, current).await?.into()))
    }
}

/// The address to be had, and the current password.
#[derive(Deserialize, Object)]
#[oai(example)]
struct ChangeEmailRequest {
    /// The current password.
    current_password: String,
    /// The new e-mail address.
    new_email: String,
}

impl Example for ChangeEmailRequest {
    fn example() -> Self {
        Self { current_password: example::PASSWORD.to_owned(), new_email: example::EMAIL.to_owned() }
    }
}

/// The current password, and who gets what nobody else owns.
#[derive(Deserialize, Object)]
#[oai(example)]
struct DeleteOwnAccountRequest {
    /// The current password.
    current_password: String,
    /// The address of a member of every workspace that the account alone owns.
    #[serde(default)]
    #[oai(nullable)]
    transfer_to: Option<String>,
}

impl Example for DeleteOwnAccountRequest {
    fn example() -> Self {
        Self { current_password: example::PASSWORD.to_owned(), transfer_to: None }
    }
}

/// The current password.
#[derive(Deserialize, Object)]
#[oai(example)]
struct CurrentPasswordRequest {
    /// The current password.
    current_password: String,
}

impl Example for CurrentPasswordRequest {
    fn example() -> Self {
        Self { current_password: example::PASSWORD.to_owned() }
    }
}
