//! An account that an operator makes, in JSON.

use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object};
use serde::{Deserialize, Serialize};

use super::access::ResetLinkBody;
use super::body::AccountDetailsBody;
use crate::http::api::example;
use crate::http::json::Json;
use crate::http::nullable::Nullable;
use crate::http::types::Flag;
use crate::service::{CreatedAccount, NewAccount};

/// An account to be made.
#[derive(Deserialize, Object)]
#[oai(rename = "CreateAccountRequest", example)]
pub(super) struct CreateAccountRequest {
    /// E-mail address.
    email: String,
    /// The password, under the same rules as at registration; without one, the answer has a link.
    #[serde(default)]
    #[oai(nullable)]
    password: Option<String>,
    /// Given name.
    #[serde(default)]
    #[oai(nullable, validator(pattern = r"^[^\x00-\x1F\x7F-\x9F]*$"))]
    first_name: Option<String>,
    /// Family name.
    #[serde(default)]
    #[oai(nullable, validator(pattern = r"^[^\x00-\x1F\x7F-\x9F]*$"))]
    last_name: Option<String>,
    /// Whether the address is known to be theirs.
    #[serde(default)]
    #[oai(default)]
    is_verified: Flag,
    /// Whether its sessions may operate the server.
    #[serde(default)]
    #[oai(default)]
    is_operator: Flag,
}

impl Example for CreateAccountRequest {
    fn example() -> Self {
        Self {
            email: example::EMAIL.to_owned(),
            password: None,
            first_name: Some("Ada".to_owned()),
            last_name: Some("Lovelace".to_owned()),
            is_verified: Flag(true),
            is_operator: Flag(false),
        }
    }
}

impl From<CreateAccountRequest> for NewAccount {
    fn from(body: CreateAccountRequest) -> Self {
        let CreateAccountRequest {
            email,
            password,
            first_name,
            last_name,
            is_verified: Flag(is_verified),
            is_operator: Flag(is_operator),
        } = body;
        Self { email, password: password.map(Into::into), first_name, last_name, is_verified, is_operator }
    }
}

#[derive(ApiResponse)]
pub(super) enum CreateAccountResponse {
    /// The account was made
    #[oai(status = 201)]
    Created(Json<CreatedAccountBody>),
}

/// An account that was made.
#[derive(Serialize, Object)]
#[oai(rename = "CreatedAccount")]
pub(super) struct CreatedAccountBody {
    /// The account.
    #[serde(flatten)]
    #[oai(flatten)]
    details: AccountDetailsBody,
    /// Where its password is chosen, if it was made without one.
    link: Nullable<ResetLinkBody>,
}

impl From<CreatedAccount> for CreatedAccountBody {
    fn from(created: CreatedAccount) -> Self {
        Self { details: created.details.into(), link: Nullable(created.link.map(ResetLinkBody::from)) }
    }
}
