//! Accounts in answers to operators.

use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::{PersonName, User, WorkspaceView};
use crate::http::types::{RoleName, Time};
use crate::service::AccountDetails;

/// Some accounts.
#[derive(Serialize, Object)]
#[oai(rename = "AccountPage")]
pub(super) struct AccountPage {
    /// The accounts.
    pub items: Vec<AccountBody>,
    /// What to send as `cursor` for the next page, when there is one.
    #[oai(nullable)]
    pub next_cursor: Option<String>,
}

/// An account.
#[derive(Serialize, Object)]
#[oai(rename = "Account")]
pub(super) struct AccountBody {
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
    /// Whether its sessions may operate the server.
    is_operator: bool,
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
            is_operator: user.is_operator,
            is_verified: user.is_verified,
            created_at: Time(user.created_at),
        }
    }
}

/// An account, and what it has.
#[derive(Serialize, Object)]
#[oai(rename = "AccountDetails")]
pub(super) struct AccountDetailsBody {
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
pub(super) struct AccountWorkspaceBody {
    /// Its id.
    id: Uuid,
    /// Its name.
    name: String,
    /// Its slug.
    slug: String,
    /// What the account may do there.
    role: RoleName,
}

impl From<WorkspaceView> for AccountWorkspaceBody {
    fn from(WorkspaceView { workspace, role, .. }: WorkspaceView) -> Self {
        let (name, slug) = (workspace.name.into_string(), workspace.slug.into_string());
        Self { id: workspace.id.as_uuid(), name, slug, role: role.into() }
    }
}

impl From<AccountDetails> for AccountDetailsBody {
    fn from(details: AccountDetails) -> Self {
        let workspaces = details.workspaces.into_iter().map(AccountWorkspaceBody::from).collect();
        Self { workspaces, sessions: details.sessions, account: details.user.into() }
    }
}
