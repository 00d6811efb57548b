//! Everything that there is about a person, in JSON.

use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use super::body::{AccountBody, AccountWorkspaceBody};
use crate::domain::{ApiKey, Invitation, Session};
use crate::http::api::audit::AuditEntryBody;
use crate::http::api::passwords::KeyOfAccount;
use crate::http::types::{RoleName, ScopeName, Time};
use crate::service::AccountData;

/// Everything that there is about a person.
#[derive(Serialize, Object)]
#[oai(rename = "AccountData")]
pub(in crate::http::api) struct AccountDataBody {
    /// The account.
    account: AccountBody,
    /// When it last changed.
    updated_at: Time,
    /// The networks that it was signed in to from: an address, or the network of one of IPv6.
    networks: Vec<SeenNetworkBody>,
    /// The workspaces that it is a member of.
    workspaces: Vec<AccountWorkspaceBody>,
    /// Its sessions, newest first.
    sessions: Vec<AccountSessionBody>,
    /// The API keys that it made.
    api_keys: Vec<AccountApiKeyBody>,
    /// The workspaces that its address is invited to; none unless the address was proved to be theirs.
    invitations: Vec<AccountInvitationBody>,
    /// What it did, and what was done to it, newest first.
    activity: Vec<AuditEntryBody>,
    /// How many older entries there are beyond the 100,000 newest.
    older_activity: u64,
}

/// Everything that there is about a person, as JSON for people.
pub(crate) fn account_json(data: AccountData) -> String {
    serde_json::to_string_pretty(&AccountDataBody::from(data)).unwrap_or_default()
}

/// A network that an account was signed in to from.
#[derive(Serialize, Object)]
#[oai(rename = "SeenNetwork")]
struct SeenNetworkBody {
    /// An address, or the network of one of IPv6.
    network: String,
    /// When it was last noted, which is once a day at most.
    seen_at: Time,
}

/// A sign-in that has not ended.
#[derive(Serialize, Object)]
#[oai(rename = "AccountSession")]
pub(super) struct AccountSessionBody {
    /// Its id.
    id: Uuid,
    /// When the account signed in.
    created_at: Time,
    /// When it was last refreshed.
    last_used_at: Time,
    /// When it ends unless it is refreshed before.
    expires_at: Time,
    /// The address it was opened from.
    #[oai(nullable)]
    ip: Option<String>,
    /// What the program called itself that opened it.
    #[oai(nullable)]
    user_agent: Option<String>,
}

/// An API key of an account.
#[derive(Serialize, Object)]
#[oai(rename = "AccountApiKey")]
struct AccountApiKeyBody {
    /// Its id.
    id: Uuid,
    /// The workspace that it is good in.
    workspace_id: Uuid,
    /// What it is called.
    name: String,
    /// What it was made for.
    scopes: Vec<ScopeName>,
    /// When it was made.
    created_at: Time,
    /// When it ends, if ever.
    #[oai(nullable)]
    expires_at: Option<Time>,
    /// When it was last used, to the minute or so.
    #[oai(nullable)]
    last_used_at: Option<Time>,
}

/// An invitation of an account's address.
#[derive(Serialize, Object)]
#[oai(rename = "AccountInvitation")]
struct AccountInvitationBody {
    /// Its id.
    id: Uuid,
    /// The workspace that it is to.
    workspace_id: Uuid,
    /// What the account may do there when it accepts.
    role: RoleName,
    /// When it was made.
    created_at: Time,
    /// When it can no longer be accepted.
    expires_at: Time,
}

/// What became of the API keys of an account that was deleted.
#[derive(Serialize, Object)]
#[oai(rename = "AccountDeleted")]
pub(in crate::http::api) struct AccountDeletedBody {
    /// What happened.
    message: String,
    /// The API keys that the account had made in its workspaces, which have ended.
    api_keys: Vec<KeyOfAccount>,
}

impl AccountDeletedBody {
    /// These API keys have ended.
    pub fn new(keys: Vec<ApiKey>) -> Self {
        let api_keys = keys.into_iter().map(|key| KeyOfAccount::new(key, true)).collect();
        Self { message: "The account is deleted".to_owned(), api_keys }
    }
}

impl From<AccountData> for AccountDataBody {
    fn from(data: AccountData) -> Self {
        let seen = data
            .networks
            .iter()
            .map(|(network, seen_at)| SeenNetworkBody { network: network.to_string(), seen_at: Time(*seen_at) });
        Self {
            networks: seen.collect(),
            updated_at: Time(data.user.updated_at),
            account: data.user.into(),
            workspaces: data.workspaces.into_iter().map(AccountWorkspaceBody::from).collect(),
            sessions: data.sessions.into_iter().map(AccountSessionBody::from).collect(),
            api_keys: data.api_keys.into_iter().map(AccountApiKeyBody::from).collect(),
            invitations: data.invitations.into_iter().map(AccountInvitationBody::from).collect(),
            activity: data.changes.into_iter().map(AuditEntryBody::from).collect(),
            older_activity: data.older_changes,
        }
    }
}

impl From<Session> for AccountSessionBody {
    fn from(session: Session) -> Self {
        Self {
            id: session.id.as_uuid(),
            created_at: Time(session.created_at),
            last_used_at: Time(session.refreshed_at),
            expires_at: Time(session.ends_at()),
            ip: session.ip,
            user_agent: session.user_agent,
        }
    }
}

impl From<Invitation> for AccountInvitationBody {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id.as_uuid(),
            workspace_id: invitation.tenant.as_uuid(),
            role: invitation.role.into(),
            created_at: Time(invitation.created_at),
            expires_at: Time(invitation.expires_at),
        }
    }
}

impl From<ApiKey> for AccountApiKeyBody {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id.as_uuid(),
            workspace_id: key.tenant.as_uuid(),
            name: key.name.into_string(),
            scopes: key.scopes.into_iter().map(ScopeName::from).collect(),
            created_at: Time(key.created_at),
            expires_at: key.expires_at.map(Time),
            last_used_at: key.last_used_at.map(Time),
        }
    }
}
