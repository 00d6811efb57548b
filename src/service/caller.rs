//! Who calls.

use std::net::IpAddr;

use super::{Allowances, Error};
use crate::domain::{ApiKeyId, Reservation, Scope, SessionId, TenantId, UserId};

/// The program at the other end of the connection.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// Its address.
    pub ip: Option<IpAddr>,
    /// What it calls itself.
    pub user_agent: Option<String>,
    /// The token by which it says to be a device that is known.
    pub device: Option<String>,
    /// The idempotency key that it sent.
    pub reservation: Option<Reservation>,
    /// What is left of the limits that its request counted against.
    pub allowances: Allowances,
}

/// Someone who has proved who they are. Made only by [`super::Service::authenticate`] and its like.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The account. An API key acts for the person who made it.
    pub user: UserId,
    /// What proves it.
    pub via: Via,
    /// Where the call comes from.
    pub client: Client,
}

/// Someone who may operate the server: by the operator socket or the operator's token, or with an account that may.
#[derive(Clone, Debug, Default)]
pub struct Operator {
    /// The account, if it is by one.
    pub account: Option<UserId>,
    /// Whether it came over the operator socket, from somebody who has the data directory anyway.
    pub is_on_site: bool,
    /// Where the call comes from.
    pub client: Client,
}

impl Operator {
    /// Whose the idempotency keys are: an account's, or those of all who operate without one.
    pub fn owner_of_keys(&self) -> UserId {
        self.account.unwrap_or(UserId::from_bytes([0; 16]))
    }

    /// Refuses a call that did not come over the operator socket.
    pub(super) fn require_on_site(&self) -> Result<(), Error> {
        if self.is_on_site { Ok(()) } else { Err(Error::NotOnSite) }
    }
}

/// What a caller proves with who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// An access token of this session.
    Session(SessionId),
    /// An API key, which is good in one workspace, for what it was made for.
    ApiKey {
        /// The key.
        id: ApiKeyId,
        /// The workspace.
        tenant: TenantId,
        /// What it was made for.
        scopes: Vec<Scope>,
    },
}

impl Caller {
    /// The session of a person who is signed in; what needs one is not for API keys.
    pub fn session(&self) -> Result<SessionId, Error> {
        match self.via {
            Via::Session(id) => Ok(id),
            Via::ApiKey { .. } => Err(Error::ApiKeyNotAllowed),
        }
    }

    /// The API key, if the call is made with one.
    pub fn api_key(&self) -> Option<ApiKeyId> {
        match self.via {
            Via::Session(_) => None,
            Via::ApiKey { id, .. } => Some(id),
        }
    }
}
