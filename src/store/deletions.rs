//! Deleting people at the storage boundary.

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::{ApiKey, LogPosition, Stamp, UserId};

/// What goes when a person does.
#[async_trait]
pub trait Deletions: Send + Sync {
    /// Removes an account with its sessions, tokens and memberships, and the API keys that it made. What it wrote in
    /// workspaces stays. [`super::StoreError::SoleOwner`] when workspaces would be left without an owner and there is no
    /// heir.
    async fn delete_user(&self, user: UserId, heir: Heir, stamp: Stamp) -> StoreResult<Deleted>;

    /// Notes that an account that was deleted is there on purpose.
    async fn note_brought_back(&self, user: UserId, stamp: Stamp) -> StoreResult<()>;

    /// Looks at the next `limit` entries of the change log after a position, and takes the addresses and programs out of
    /// what these people did, and of what was tried with their accounts. Returns the position to go on from; none at the
    /// end. The change log has nothing of it.
    async fn scrub_changes(
        &self,
        people: Vec<UserId>,
        after: LogPosition,
        limit: usize,
    ) -> StoreResult<Option<LogPosition>>;
}

/// Who owns the workspaces from then on that nobody else does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heir {
    /// Nobody: if there are any, the person can't be deleted.
    Nobody,
    /// This account.
    Account(UserId),
    /// This account, if it is a member of all of them.
    Member(UserId),
    /// This account, if it is there; else the longest-standing member of the highest role. One with
    /// nobody else in it is left as it is: the person must not be there.
    Anybody(Option<UserId>),
}

impl Heir {
    /// The account that is wanted for it.
    pub fn account(self) -> Option<UserId> {
        match self {
            Self::Nobody => None,
            Self::Account(heir) | Self::Member(heir) => Some(heir),
            Self::Anybody(wanted) => wanted,
        }
    }
}

/// What went with a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deleted {
    /// The API keys that they had made.
    pub api_keys: Vec<ApiKey>,
    /// How many workspaces have nobody in them now.
    pub deserted: usize,
}
