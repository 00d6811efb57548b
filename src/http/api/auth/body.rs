//! Accounts and tokens in JSON.

use poem_openapi::Object;
use poem_openapi::types::{Example, MaybeUndefined};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::http::api::example;
use crate::http::nullable::Nullable;
use crate::http::types::{RoleName, Time};
use crate::service::Profile;

/// A new account.
#[derive(Deserialize, Object)]
#[oai(example)]
pub(super) struct RegisterRequest {
    /// E-mail address.
    pub email: String,
    /// Password.
    pub password: String,
    /// Given name.
    #[serde(default)]
    #[oai(nullable, validator(pattern = r"^[^\x00-\x1F\x7F-\x9F]*$"))]
    pub first_name: Option<String>,
    /// Family name.
    #[serde(default)]
    #[oai(nullable, validator(pattern = r"^[^\x00-\x1F\x7F-\x9F]*$"))]
    pub last_name: Option<String>,
    /// The token of an invitation, to be a member of its workspace at once.
    #[serde(default)]
    #[oai(nullable)]
    pub invitation: Option<String>,
}

impl Example for RegisterRequest {
    fn example() -> Self {
        Self {
            email: example::EMAIL.to_owned(),
            password: example::PASSWORD.to_owned(),
            first_name: Some("Ada".to_owned()),
            last_name: Some("Lovelace".to_owned()),
            invitation: None,
        }
    }
}

/// The account that was created.
#[derive(Serialize, Object)]
#[oai(rename = "Registered")]
pub(super) struct RegisteredBody {
    /// What happened.
    pub message: String,
    /// The account's id.
    pub user_id: Uuid,
    /// The address as it is stored.
    pub email: String,
    /// Whether a mail is on its way with which to verify the address.
    pub verification_required: bool,
}

/// Address and password.
#[derive(Deserialize, Object)]
#[oai(example)]
pub(super) struct LoginRequest {
    /// E-mail address.
    pub email: String,
    /// Password.
    pub password: String,
}

impl Example for LoginRequest {
    fn example() -> Self {
        Self { email: example::EMAIL.to_owned(), password: example::PASSWORD.to_owned() }
    }
}

/// What changes, and the current password.
#[derive(Deserialize, Object)]
#[oai(example)]
pub(super) struct ChangeProfileRequest {
    /// The current password.
    pub current_password: String,
    /// Given name.
    #[serde(default)]
    #[oai(nullable, validator(pattern = r"^[^\x00-\x1F\x7F-\x9F]*$"))]
    pub first_name: MaybeUndefined<String>,
    /// Family name.
    #[serde(default)]
    #[oai(nullable, validator(pattern = r"^[^\x00-\x1F\x7F-\x9F]*$"))]
    pub last_name: MaybeUndefined<String>,
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

/// A refresh token, for clients that send it in the body.
#[derive(Deserialize, Object)]
#[oai(example)]
pub(super) struct RefreshRequest {
    /// The refresh token.
    #[serde(default)]
    #[oai(nullable)]
    pub refresh_token: Option<String>,
}

impl Example for RefreshRequest {
    fn example() -> Self {
        Self { refresh_token: Some("the refresh_token of a login".to_owned()) }
    }
}

/// An account as its owner sees it.
#[derive(Serialize, Object)]
#[oai(rename = "Profile")]
pub(super) struct ProfileBody {
    /// The account's id.
    pub id: Uuid,
    /// Its address.
    pub email: String,
    /// Given name.
    #[oai(nullable)]
    pub first_name: Option<String>,
    /// Family name.
    #[oai(nullable)]
    pub last_name: Option<String>,
    /// Both names, or the address when there are none.
    pub full_name: String,
    /// Whether the address was proved to be theirs.
    pub is_verified: bool,
    /// Whether it may sign in.
    pub is_active: bool,
    /// When it was registered.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// The workspace it is taken to.
    pub current_workspace: Nullable<CurrentWorkspaceBody>,
}

/// A workspace in short.
#[derive(Serialize, Object)]
#[oai(rename = "CurrentWorkspace")]
pub(super) struct CurrentWorkspaceBody {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its slug.
    pub slug: String,
    /// The caller's role in it.
    pub role: RoleName,
}

impl From<Profile> for ProfileBody {
    fn from(profile: Profile) -> Self {
        let user = profile.user;
        Self {
            id: user.id.as_uuid(),
            full_name: user.full_name(),
            email: user.email.into_string(),
            first_name: user.first_name.map(crate::domain::PersonName::into_string),
            last_name: user.last_name.map(crate::domain::PersonName::into_string),
            is_verified: user.is_verified,
            is_active: user.is_active,
            created_at: Time(user.created_at),
            updated_at: Time(user.updated_at),
            current_workspace: Nullable(profile.current_workspace.map(|view| CurrentWorkspaceBody {
                id: view.workspace.id.as_uuid(),
                name: view.workspace.name.into_string(),
                slug: view.workspace.slug.into_string(),
                role: view.role.into(),
            })),
        }
    }
}
