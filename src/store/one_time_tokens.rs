//! One-time tokens at the storage boundary.

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::{OneTimeDigest, OneTimeToken, Purpose, Stamp, UserId};

/// What is proved by a token that was sent by mail. Using one and its effect are one intent.
#[async_trait]
pub trait OneTimeTokens: Send + Sync {
    /// Gives an account a token, in place of the one it had for the same purpose.
    async fn issue_one_time_token(
        &self,
        user: UserId,
        purpose: Purpose,
        token: OneTimeToken,
        stamp: Stamp,
    ) -> StoreResult<()>;

    /// The token that an account has for a purpose. It may have expired.
    async fn one_time_token(&self, user: UserId, purpose: Purpose) -> StoreResult<Option<OneTimeToken>>;

    /// Uses up a token to mark the account's address as verified.
    /// [`super::StoreError::InvalidOneTimeToken`] when `presented` is not the good one.
    async fn verify_email(&self, user: UserId, presented: OneTimeDigest, stamp: Stamp) -> StoreResult<()>;

    /// Uses up a token to replace the password hash, and ends all sessions of the account.
    /// [`super::StoreError::InvalidOneTimeToken`] when `presented` is not the good one, or the account is disabled.
    async fn reset_password(
        &self,
        user: UserId,
        presented: OneTimeDigest,
        hash: String,
        stamp: Stamp,
    ) -> StoreResult<()>;
}
