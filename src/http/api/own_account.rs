//! One's own account: what one is called, one's address, and what there is about one.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::types::{Example, MaybeUndefined};
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;

use super::accounts::AccountDataBody;
use super::auth::ProfileBody;
use super::tokens::MessageBody;
use super::{Tag, example};
use crate::http::extract::SignedIn;
use crate::http::json::Json;
use crate::http::refused::{BODY, FULL, Refused, SIGNED_IN};
use crate::http::state::State;
use crate::http::types::field;

/// Operations below `/api/v1/auth/me`.
pub(crate) struct OwnAccountApi;

#[OpenApi(prefix_path = "/api/v1/auth/me", tag = "Tag::Auth")]
impl OwnAccountApi {
    /// Change what one is called
    ///
    /// Needs the current password. A name that is not sent stays; null, or nothing but spaces, takes it away.
    #[oai(path = "/", method = "patch", operation_id = "change_profile")]
    async fn change(
        &self,
        state: Data<&Arc<State>>,
        caller: SignedIn,
        body: Json<ChangeProfileRequest>,
    ) -> Result<Json<ProfileBody>, Refused<{ SIGNED_IN | BODY | FULL }>> {
        let Json(ChangeProfileRequest { current_password, first_name, last_name }) = body;
        let (first, last) = (field(first_name), field(last_name));
        let profile = state.service.change_names(&caller.0, current_password.into(), first, last).await?;
        Ok(Json(profile.into()))
    }

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

/// What changes, and the current password.
#[derive(Deserialize, Object)]
#[oai(example)]
struct ChangeProfileRequest {
    /// The current password.
    #[oai(validator(max_length = 128))]
    current_password: String,
    /// Given name.
    #[serde(default)]
    #[oai(nullable, validator(max_length = 100, pattern = r"^[^\x00-\x1F\x7F-\x9F]*$"))]
    first_name: MaybeUndefined<String>,
    /// Family name.
    #[serde(default)]
    #[oai(nullable, validator(max_length = 100, pattern = r"^[^\x00-\x1F\x7F-\x9F]*$"))]
    last_name: MaybeUndefined<String>,
}

impl Example for ChangeProfileRequest {
    fn example() -> Self {
        Self {
            current_password: example::PASSWORD.to_owned(),
            first_name: MaybeUndefined::Value("Augusta Ada".to_owned()),
            last_name: MaybeUndefined::Undefined,
        }
    }
}

/// The address to be had, and the current password.
#[derive(Deserialize, Object)]
#[oai(example)]
struct ChangeEmailRequest {
    /// The current password.
    #[oai(validator(max_length = 128))]
    current_password: String,
    /// The new e-mail address.
    #[oai(validator(max_length = 254))]
    new_email: String,
}

impl Example for ChangeEmailRequest {
    fn example() -> Self {
        Self { current_password: example::PASSWORD.to_owned(), new_email: example::EMAIL.to_owned() }
    }
}

/// The current password.
#[derive(Deserialize, Object)]
#[oai(example)]
struct CurrentPasswordRequest {
    /// The current password.
    #[oai(validator(max_length = 128))]
    current_password: String,
}

impl Example for CurrentPasswordRequest {
    fn example() -> Self {
        Self { current_password: example::PASSWORD.to_owned() }
    }
}
