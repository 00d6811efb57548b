//! Proving that an address is one's own.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;

use super::Tag;
use super::example;
use super::tokens::MessageBody;
use crate::http::extract::FromClient;
use crate::http::json::Json;
use crate::http::refused::{BODY, CONFLICT, FULL, MALFORMED, Refused, SERVED};
use crate::http::state::State;

/// Operations below `/api/v1/auth/verify-email`.
pub(crate) struct VerificationApi;

#[OpenApi(prefix_path = "/api/v1/auth/verify-email", tag = "Tag::Auth")]
impl VerificationApi {
    /// Verify an address
    ///
    /// With the token of the mail that was sent to it. The token is good once and for a limited time. One that was sent for
    /// another address of an account makes it the account's, unless another account has it by now: 409 `email_taken`.
    #[oai(path = "/", method = "post", operation_id = "verify_email")]
    async fn verify(
        &self,
        state: Data<&Arc<State>>,
        client: FromClient,
        /// The token.
        verification_token: Query<String>,
    ) -> Result<Json<MessageBody>, Refused<{ SERVED | MALFORMED | CONFLICT | FULL }>> {
        state.service.verify_email(&verification_token.0, &client.0).await?;
        Ok(Json(MessageBody::new("E-mail address verified")))
    }

    /// Ask for the verification mail again
    ///
    /// The token of the mail before is no longer good then. The answer is the same for any address, with or without an
    /// account.
    #[oai(path = "/resend", method = "post", operation_id = "resend_verification")]
    async fn resend(
        &self,
        state: Data<&Arc<State>>,
        client: FromClient,
        body: Json<ResendVerificationRequest>,
    ) -> Result<Json<MessageBody>, Refused<{ SERVED | BODY | FULL }>> {
        state.service.resend_verification(&body.0.email, &client.0).await?;
        Ok(Json(MessageBody::new("If the address has an account that is to be verified, a mail is on its way")))
    }
}

/// Which address is to be verified.
#[derive(Deserialize, Object)]
#[oai(example)]
struct ResendVerificationRequest {
    /// E-mail address.
    email: String,
}

impl Example for ResendVerificationRequest {
    fn example() -> Self {
        Self { email: example::EMAIL.to_owned() }
    }
}
