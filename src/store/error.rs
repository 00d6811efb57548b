//! Why a store refused.

use std::error::Error;
use std::fmt;

use super::Cause;
use crate::domain::{Quota, Role, TenantId, push_hex};

/// What every method of a store returns.
pub type StoreResult<T> = Result<T, StoreError>;

/// Why an intent was not carried out. Whatever it says but [`StoreError::Unavailable`],
/// [`StoreError::StorageFull`] and [`StoreError::OutcomeUnknown`], nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The address has an account.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// The slug has a workspace.
    #[error("the slug is taken")]
    SlugTaken,
    /// The account is a member of the workspace already.
    #[error("the account is a member already")]
    AlreadyMember,
    /// The operator keeps members and API keys from the workspace.
    #[error("the workspace is suspended")]
    WorkspaceSuspended,
    /// The workspace would be left without an owner.
    #[error("a workspace keeps at least one owner")]
    LastOwner,
    /// Workspaces would be left without an owner: these.
    #[error("workspaces would be left without an owner")]
    SoleOwner(Vec<TenantId>),
    /// The workspace may have no more of this.
    #[error("the workspace may have at most {limit} {}", quota.as_str())]
    QuotaExceeded {
        /// What there would be too much of.
        quota: Quota,
        /// How much of it there may be.
        limit: u64,
    },
    /// The caller is a member, but no longer of the role this needs.
    #[error("this needs the role {}", needs.as_str())]
    Forbidden {
        /// The least role that may do it.
        needs: Role,
    },
    /// The one-time token is not, or no longer, the good one.
    #[error("the one-time token is not valid")]
    InvalidOneTimeToken,
    /// The invitation is bound to another address than the account's.
    #[error("the invitation is for another address")]
    InvitationForAnother,
    /// Nobody changes or ends their own membership so.
    #[error("it is their own membership")]
    OwnMembership,
    /// Something else was done under the idempotency key.
    #[error("the idempotency key is in use")]
    KeyInUse,
    /// What the intent is about is not there.
    #[error("there is no such {0}")]
    NotFound(Missing),
    /// The row has changed since the caller read it.
    #[error("the current version is {current}")]
    VersionMismatch {
        /// The version it has now.
        current: u64,
    },
    /// A row that is needed can't be read, and trying again doesn't help. Where it is, is for operators, not for clients.
    #[error("a row of the database is damaged")]
    Damaged(#[source] Box<Damage>),
    /// An operator has writes refused.
    #[error("the database is read-only")]
    ReadOnly,
    /// It was to be written under a lease that another node holds by now, or nobody.
    #[error("another node does this by now")]
    LeaseLost,
    /// Too many writes wait, or too many long reads, or a read took too long; trying again shortly helps.
    #[error("too much is asked of the database")]
    Overloaded,
    /// The disk has no room for writes, or hardly any; the cause is for the log, not for clients. A write that failed so
    /// may turn out to have become durable all the same, whole.
    #[error("the storage is full: {0}")]
    StorageFull(#[source] Cause),
    /// The database can't be used; the cause is for the log, not for clients. A write that failed so may turn out to
    /// have become durable all the same, whole, when the database works again.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] Cause),
    /// The connection to the database was lost while it was written, and it can't be found out what became of that: it was
    /// written whole, or not at all.
    #[error("the connection to the database was lost, and nobody knows whether it was written")]
    OutcomeUnknown,
    /// A bug: the intent panicked, or made a row that can't be written. The cause is for the log, not for clients.
    #[error("the intent went wrong: {0}")]
    Internal(#[source] Cause),
}

impl StoreError {
    /// That the database can't be used, because of an error or for a reason in words.
    pub fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable(Cause::new(cause))
    }

    /// That the row under `key` can't be read.
    pub fn damaged(table: &str, key: &[u8], cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Damaged(Box::new(Damage::new(table, key, cause)))
    }

    /// That there is a bug, because of an error or for a reason in words.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Internal(Cause::new(cause))
    }

    /// Whether the database itself failed, for everyone: not this intent alone.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::StorageFull(_) | Self::Unavailable(_) | Self::OutcomeUnknown)
    }

    /// Whether the intent was refused, as one that is not allowed is: nothing has failed.
    pub fn is_refusal(&self) -> bool {
        !self.is_failure() && !matches!(self, Self::Damaged(_) | Self::Internal(_))
    }
}

/// A row that can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The name of its table.
    pub table: String,
    /// Its key there.
    pub key: Vec<u8>,
    /// What is wrong with it.
    pub cause: Cause,
}

impl Damage {
    /// That the row under `key` can't be read.
    pub fn new(table: &str, key: &[u8], cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { table: table.to_owned(), key: key.to_vec(), cause: Cause::new(cause) }
    }

    /// The key as text, for operators: ids are no secrets.
    pub fn key_text(&self) -> String {
        let mut text = String::with_capacity(2 * self.key.len());
        push_hex(&mut text, &self.key);
        text
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.table, self.key_text(), self.cause)
    }
}

impl Error for Damage {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

/// What was not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// An account.
    User,
    /// A workspace.
    Workspace,
    /// An artifact.
    Artifact,
    /// A membership.
    Member,
    /// An API key.
    ApiKey,
    /// An invitation.
    Invitation,
    /// A session.
    Session,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "user",
            Self::Workspace => "workspace",
            Self::Artifact => "artifact",
            Self::Member => "member",
            Self::ApiKey => "API key",
            Self::Invitation => "invitation",
            Self::Session => "session",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Workspace;
    use crate::store::records;

    #[test]
    fn what_made_a_row_unreadable_is_kept_as_an_error() {
        let cause = records::decode::<Workspace>(&[1]).expect_err("it has no fields");
        let error = StoreError::damaged("workspaces", &[7], cause);
        let first: &(dyn Error + 'static) = &error;
        let causes: Vec<_> = std::iter::successors(Some(first), |error| (*error).source()).collect();
        assert_eq!(causes[1].to_string(), format!("workspaces 07: {}", causes[2]));
        assert!(causes[3].is::<postcard::Error>(), "{causes:?}");
    }
}
