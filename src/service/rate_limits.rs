//! Rate limits per operation and subject.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use super::Error;
use crate::auth::{Allowance, DeviceId, Exhausted, RateLimit};
use crate::domain::{Email, Network, RefreshDigest, UserId};
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
    /// E-mails in all.
    pub mail_in_all: u32,
    /// E-mails of one kind to one address, an hour.
    pub mail_per_recipient: u32,
    /// Requests of one account.
    pub signed_in: u32,
}

/// Where somebody tries to sign in to an account from: each has a limit of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum LoginSource {
    /// From anywhere, to an address that may have an account. By digest, so that none that was only tried is kept.
    Anywhere([u8; 32]),
    /// From a network that the account was signed in to from before.
    Network(UserId, Network),
    /// From a device that the account was signed in to from before.
    Device(DeviceId),
}

impl LoginSource {
    /// From anywhere that is not known.
    pub fn anywhere(email: &Email) -> Self {
        Self::Anywhere(digest(email))
    }
}

/// An address, however it is typed.
fn digest(email: &Email) -> [u8; 32] {
    Sha256::digest(email.composed().as_str()).into()
}

/// How many refresh tokens are known whose spending was counted.
const SPENT_KNOWN: usize = 10_000;

/// What is left of the limits that a request counts against: noted on its way, sent with its answer.
#[derive(Clone, Debug, Default)]
pub struct Allowances(Arc<Mutex<Option<Allowance>>>);

impl Allowances {
    /// Notes what is left of a limit. Of several, the one counts that is used up first.
    pub fn note(&self, allowance: Allowance) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.is_none_or(|other| allowance.remaining < other.remaining) {
            *noted = Some(allowance);
        }
    }

    /// What is left of the one that is used up first.
    pub fn least(&self) -> Option<Allowance> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All rate limits.
pub struct RateLimits {
    register: RateLimit<Network>,
    login: RateLimit<Network>,
    refresh: RateLimit<Network>,
    /// Refresh tokens whose spending was counted: who presents one again, or at the same moment, is not counted.
    spent: Cache<RefreshDigest, Allowance>,
    workspace_create: RateLimit<Network>,
    mail: RateLimit<Network>,
    mail_in_all: RateLimit<()>,
    /// By digest, so that no address that was only typed is kept. Each kind has its own, so that invitations use up no
    /// links to reset a password.
    mail_per_recipient: RateLimit<([u8; 32], &'static str)>,
    login_per_account: RateLimit<LoginSource>,
    signed_in: RateLimit<UserId>,
}

impl RateLimits {
    /// Limits that nobody has used anything of.
    pub fn new(settings: RateLimitSettings) -> Self {
        Self {
            register: RateLimit::per_minute(settings.register),
            login: RateLimit::per_minute(settings.login),
            refresh: RateLimit::per_minute(settings.refresh),
            spent: Cache::new(SPENT_KNOWN),
            workspace_create: RateLimit::per_minute(settings.workspace_create),
            mail: RateLimit::per_minute(settings.mail),
            mail_in_all: RateLimit::per_minute(settings.mail_in_all),
            mail_per_recipient: RateLimit::per_hour(settings.mail_per_recipient),
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

    /// Counts a refresh from this address: one that spends a token once for that token, however often it is presented at
    /// the same moment.
    pub(super) fn count_refresh(&self, address: IpAddr, spends: Option<&RefreshDigest>) -> Result<Allowance, Error> {
        let count = || self.refresh.take(&Network::of(address));
        Ok(match spends {
            Some(token) => self.spent.get_or_insert_with(token, count)?,
            None => count()?,
        })
    }

    /// Counts a requested e-mail of a kind to an address, whether or not an account has it.
    pub(super) fn count_mail(&self, to: &Email, kind: &'static str) -> Result<Allowance, Error> {
        self.mail_per_recipient.take(&(digest(to), kind))?;
        Ok(self.mail_in_all.take(&())?)
    }

    /// Counts a request of this account.
    pub fn count_by(&self, user: UserId) -> Result<Allowance, Error> {
        Ok(self.signed_in.take(&user)?)
    }

    /// Counts an attempt to sign in to an account. Attempts from everywhere share a limit, whether or not there is an
    /// account; from where its owner was signed in before, there is another one, so that guessing does not keep them out.
    pub(super) fn count_login(&self, source: LoginSource) -> Result<Allowance, Error> {
        Ok(self.login_per_account.take(&source)?)
    }
}

impl From<Exhausted> for Error {
    fn from(exhausted: Exhausted) -> Self {
        Self::RateLimited(exhausted)
    }
}
