//! Choosing another password.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Tag;
use super::example;
use super::tokens::{MessageBody, WithCookies};
use crate::domain::ApiKey;
use crate::http::extract::{FromClient, SignedIn};
use crate::http::json::Json;
use crate::http::refused::{BODY, FULL, Refused, SERVED, SIGNED_IN};
use crate::http::state::State;
use crate::http::types::Flag;

/// Operations below `/api/v1/auth/password`.
pub(crate) struct PasswordsApi;

#[OpenApi(prefix_path = "/api/v1/auth/password", tag = "Tag::Auth")]
impl PasswordsApi {
    /// Change the password
    ///
    /// Needs the current one. All other sessions of the account end; this one goes on.
    #[oai(path = "/change", method = "post", operation_id = "change_password")]
    async fn change(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        body: Json<ChangePasswordRequest>,
    ) -> Result<Json<MessageBody>, Refused<{ SIGNED_IN | BODY | FULL }>> {
        let Json(body) = body;
        state.service.change_password(&caller.0, body.current_password.into(), body.new_password.into()).await?;
        Ok(Json(MessageBody::new("Password changed; all other sessions have ended")))
    }

    /// Ask for a new password
    ///
    /// Sends a mail with a token that is good once and for a limited time. The answer is the same for any address, with
    /// or without an account.
    #[oai(path = "/forgot", method = "post", operation_id = "forgot_password")]
    async fn forgot(
        &self,
        state: Data<&Arc<State>>,
        client: FromClient,
        body: Json<ForgotPasswordRequest>,
    ) -> Result<Json<MessageBody>, Refused<{ SERVED | BODY | FULL }>> {
        state.service.forgot_password(&body.0.email, &client.0).await?;
        Ok(Json(MessageBody::new("If the address has an account, a mail with further steps is on its way")))
    }

    /// Choose a new password
    ///
    /// With the token of the mail that was asked for. All sessions of the account end, and so do the API keys that it made,
    /// unless `revoke_api_keys` is false; the answer lists them. From this address and browser, the account can sign in
    /// from then on while somebody guesses at it from elsewhere.
    #[oai(path = "/reset", method = "post", operation_id = "reset_password")]
    async fn reset(
        &self,
        state: Data<&Arc<State>>,
        client: FromClient,
        body: Json<ResetPasswordRequest>,
    ) -> Result<WithCookies<PasswordResetBody>, Refused<{ SERVED | BODY | FULL }>> {
        let Json(ResetPasswordRequest { token, new_password, revoke_api_keys: Flag(revoke_api_keys) }) = body;
        let reset = state.service.reset_password(&token, new_password.into(), revoke_api_keys, &client.0).await?;
        let message = match (reset.api_keys.len(), revoke_api_keys) {
            (0, _) => "Password changed; sign in with the new one",
            (_, true) => "Password changed; sign in with the new one. The API keys in the list were revoked",
            (_, false) => "Password changed; sign in with the new one. The API keys in the list are still good",
        };
        let api_keys = reset.api_keys.into_iter().map(|key| KeyOfAccount::new(key, revoke_api_keys)).collect();
        let body = PasswordResetBody { message: message.to_owned(), api_keys };
        Ok(WithCookies::none(body).knowing(&reset.device, &state))
    }
}

/// The current password and the one that is to take its place.
#[derive(Deserialize, Object)]
#[oai(example)]
struct ChangePasswordRequest {
    /// The current password.
    current_password: String,
    /// The new password, under the same rules as at registration.
    new_password: String,
}

impl Example for ChangePasswordRequest {
    fn example() -> Self {
        Self { current_password: example::PASSWORD.to_owned(), new_password: example::ANOTHER_PASSWORD.to_owned() }
    }
}

/// Whose password was forgotten.
#[derive(Deserialize, Object)]
#[oai(example)]
struct ForgotPasswordRequest {
    /// E-mail address.
    email: String,
}

impl Example for ForgotPasswordRequest {
    fn example() -> Self {
        Self { email: example::EMAIL.to_owned() }
    }
}

/// The token of a mail, and a new password.
#[derive(Deserialize, Object)]
#[oai(example)]
struct ResetPasswordRequest {
    /// The token.
    token: String,
    /// The new password, under the same rules as at registration.
    new_password: String,
    /// Whether the API keys that the account made end as well.
    #[serde(default = "yes")]
    #[oai(default = "yes")]
    revoke_api_keys: Flag,
}

pub(super) fn yes() -> Flag {
    Flag(true)
}

impl Example for ResetPasswordRequest {
    fn example() -> Self {
        Self {
            token: "the token of the mail".to_owned(),
            new_password: example::ANOTHER_PASSWORD.to_owned(),
            revoke_api_keys: Flag(true),
        }
    }
}

/// A password that was reset.
#[derive(Serialize, Object)]
#[oai(rename = "PasswordReset")]
struct PasswordResetBody {
    /// What happened.
    message: String,
    /// The API keys that the account had made in its workspaces.
    api_keys: Vec<KeyOfAccount>,
}

/// An API key that an account made.
#[derive(Serialize, Object)]
pub(super) struct KeyOfAccount {
    /// The key's id.
    id: Uuid,
    /// The workspace that it is good in.
    workspace_id: Uuid,
    /// What it is called.
    name: String,
    /// Whether it was revoked.
    revoked: bool,
}

impl KeyOfAccount {
    pub(super) fn new(key: ApiKey, revoked: bool) -> Self {
        let (id, workspace_id) = (key.id.as_uuid(), key.tenant.as_uuid());
        Self { id, workspace_id, name: key.name.into_string(), revoked }
    }
}
