//! Who calls.

use std::net::IpAddr;

use crate::domain::{SessionId, UserId};

/// The program at the other end of the connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// Its address.
    pub ip: Option<IpAddr>,
    /// What it calls itself.
    pub user_agent: Option<String>,
}

/// Someone who is signed in. Made only by [`super::Service::authenticate`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub user: UserId,
    /// The session the access token belongs to.
    pub session: SessionId,
    /// Where the call comes from.
    pub client: Client,
}
