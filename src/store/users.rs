//! Accounts at the storage boundary.

use async_trait::async_trait;

use super::{PasswordReset, StoreResult};
use crate::domain::{ApiKey, Credentials, Email, NameChange, SessionId, Stamp, User, UserId};

/// Accounts and their password hashes.
#[async_trait]
pub trait Users: Send + Sync {
    /// Adds an account. [`super::StoreError::EmailTaken`] when its address has one already.
    async fn create_user(&self, user: User, password_hash: String, stamp: Stamp) -> StoreResult<()>;

    /// The account with this id.
    async fn user(&self, id: UserId) -> StoreResult<Option<User>>;

    /// The first `limit` accounts after the one with this id, in the order of ids; without one, from the first.
    async fn users_after(&self, after: Option<UserId>, limit: usize) -> StoreResult<Vec<User>>;

    /// What a login with this address is checked against.
    async fn credentials(&self, email: &Email) -> StoreResult<Option<Credentials>>;

    /// The most that a hash costs which another service made, as a power of two; nothing when there is none any more.
    async fn slowest_older_hash(&self) -> StoreResult<Option<u32>>;

    /// Replaces a password hash by another one of the same password. Returns false, and does nothing, when the hash is no
    /// longer `expected`: then someone was quicker.
    async fn replace_password_hash(
        &self,
        user: UserId,
        expected: String,
        hash: String,
        stamp: Stamp,
    ) -> StoreResult<bool>;

    /// Replaces a password hash by that of another password, ends all sessions but `keep`, and drops a token for
    /// choosing a password by mail. Returns false, and does nothing, when the hash is no longer `expected`.
    async fn change_password(
        &self,
        user: UserId,
        expected: String,
        hash: String,
        keep: SessionId,
        stamp: Stamp,
    ) -> StoreResult<bool>;

    /// Changes what somebody is called. Returns the account as it is now.
    async fn change_names(&self, user: UserId, names: NameChange, stamp: Stamp) -> StoreResult<User>;

    /// Replaces a password hash, by an operator, ends all sessions, and drops the tokens for choosing a password by mail.
    /// Returns the API keys that the account had made in its workspaces, which end as well if so wished.
    async fn set_password(&self, user: UserId, reset: PasswordReset, stamp: Stamp) -> StoreResult<Vec<ApiKey>>;

    /// Ends all sessions of an account, by an operator. Returns how many lived.
    async fn end_sessions(&self, user: UserId, stamp: Stamp) -> StoreResult<usize>;

    /// Lets an account sign in, or keeps it from it: then all its sessions end, and its one-time tokens are dropped.
    /// Returns whether that was a change.
    async fn set_user_active(&self, user: UserId, is_active: bool, stamp: Stamp) -> StoreResult<bool>;

    /// Lets an account operate the server, or no longer. Returns whether that was a change.
    async fn set_user_operator(&self, user: UserId, is_operator: bool, stamp: Stamp) -> StoreResult<bool>;
}
