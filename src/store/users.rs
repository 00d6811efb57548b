//! Accounts at the storage boundary.

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::{Credentials, Email, Stamp, User, UserId};

/// Accounts and their password hashes.
#[async_trait]
pub trait Users: Send + Sync {
    /// Adds an account. [`super::StoreError::EmailTaken`] when its address has one already.
    async fn create_user(&self, user: User, password_hash: String, stamp: Stamp) -> StoreResult<()>;

    /// The account with this id.
    async fn user(&self, id: UserId) -> StoreResult<Option<User>>;

    /// What a login with this address is checked against.
    async fn credentials(&self, email: &Email) -> StoreResult<Option<Credentials>>;

    /// Replaces a password hash, unless it is no longer `expected`: then someone was quicker, and it is kept.
    async fn replace_password_hash(
        &self,
        user: UserId,
        expected: String,
        hash: String,
        stamp: Stamp,
    ) -> StoreResult<()>;
}
