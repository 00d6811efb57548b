//! Choosing another password.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;

use super::Tag;
use super::example;
use super::tokens::MessageBody;
use crate::http::extract::{FromClient, SignedIn};
use crate::http::json::Json;
use crate::http::refused::{BODY, FULL, Refused, SERVED, SIGNED_IN};
use crate::http::state::State;

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
    /// With the token of the mail that was asked for. All sessions of the account end.
    #[oai(path = "/reset", method = "post", operation_id = "reset_password")]
    async fn reset(
        &self,
        state: Data<&Arc<State>>,
        client: FromClient,
        body: Json<ResetPasswordRequest>,
    ) -> Result<Json<MessageBody>, Refused<{ SERVED | BODY | FULL }>> {
        let Json(body) = body;
        state.service.reset_password(&body.token, body.new_password.into(), &client.0).await?;
        Ok(Json(MessageBody::new("Password changed; sign in with the new one")))
    }
}

/// The current password and the one that is to take its place.
#[derive(Deserialize, Object)]
#[oai(example)]
struct ChangePasswordRequest {
    /// The current password.
    #[oai(validator(max_length = 128))]
    current_password: String,
    /// The new password, under the same rules as at registration.
    #[oai(validator(min_length = 8, max_length = 128))]
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
    #[oai(validator(max_length = 254))]
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
    #[oai(validator(min_length = 8, max_length = 128))]
    new_password: String,
}

impl Example for ResetPasswordRequest {
    fn example() -> Self {
        Self { token: "the token of the mail".to_owned(), new_password: example::ANOTHER_PASSWORD.to_owned() }
    }
}
