//! Rate limits per operation and subject.

use std::net::IpAddr;

use sha2::{Digest, Sha256};

use super::Error;
use crate::auth::{Allowance, Exhausted, RateLimit};
use crate::domain::{Email, Network, UserId};
use crate::operations::RateClass;

/// How many a minute of each class.
#[derive(Clone, Copy, Debug)]
pub struct RateLimitSettings {
    /// [`RateClass::Register`].
    pub register: u32,
    /// [`RateClass::Login`].
    pub login: u32,
    /// Attempts to sign in to one account.
    pub login_per_account: u32,
    /// [`RateClass::Refresh`].
    pub refresh: u32,
    /// [`RateClass::WorkspaceCreate`].
    pub workspace_create: u32,
    /// [`RateClass::Mail`].
    pub mail: u32,
    /// Requests of one account.
    pub signed_in: u32,
}

/// All rate limits.
pub struct RateLimits {
    register: RateLimit<Network>,
    login: RateLimit<Network>,
    refresh: RateLimit<Network>,
    workspace_create: RateLimit<Network>,
    mail: RateLimit<Network>,
    /// By digest, so that no address that was only tried is kept.
    login_per_account: RateLimit<[u8; 32]>,
    signed_in: RateLimit<UserId>,
}

impl RateLimits {
    /// Limits that nobody has used anything of.
    pub fn new(settings: RateLimitSettings) -> Self {
        Self {
            register: RateLimit::per_minute(settings.register),
            login: RateLimit::per_minute(settings.login),
            refresh: RateLimit::per_minute(settings.refresh),
            workspace_create: RateLimit::per_minute(settings.workspace_create),
            mail: RateLimit::per_minute(settings.mail),
            login_per_account: RateLimit::per_minute(settings.login_per_account),
            signed_in: RateLimit::per_minute(settings.signed_in),
        }
    }

    /// Counts a request of this class from this address.
    pub fn count_from(&self, address: IpAddr, class: RateClass) -> Result<Allowance, Error> {
        let limit = match class {
            RateClass::Register => &self.register,
            RateClass::Login => &self.login,
            RateClass::Refresh => &self.refresh,
            RateClass::WorkspaceCreate => &self.workspace_create,
            RateClass::Mail => &self.mail,
        };
        Ok(limit.take(&Network::of(address))?)
    }

    /// Counts a request of this account.
    pub fn count_by(&self, user: UserId) -> Result<Allowance, Error> {
        Ok(self.signed_in.take(&user)?)
    }

    /// Counts an attempt to sign in as `email`, whether or not it has an account. Attempts from everywhere share the
    /// limit, and one is there again every few seconds: the owner is never locked out for good.
    pub(super) fn count_login(&self, email: &Email) -> Result<Allowance, Error> {
        Ok(self.login_per_account.take(&Sha256::digest(email.as_str()).into())?)
    }
}

impl From<Exhausted> for Error {
    fn from(exhausted: Exhausted) -> Self {
        Self::RateLimited(exhausted)
    }
}
