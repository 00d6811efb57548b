//! One-time tokens at the storage boundary.

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::{ApiKey, Email, Network, OneTimeDigest, OneTimeToken, Purpose, Stamp, UserId};

/// What is proved by a token that was sent by mail. Using one and its effect are one intent.
#[async_trait]
pub trait OneTimeTokens: Send + Sync {
    /// Gives an account a token to verify its address, in place of the one before, or one more to choose another password.
    /// Returns false, and changes nothing, when it has [`OneTimeToken::MAX_RESETS`] of these that are still good.
    async fn issue_one_time_token(
        &self,
        user: UserId,
        purpose: Purpose,
        token: OneTimeToken,
        stamp: Stamp,
    ) -> StoreResult<bool>;

    /// Gives an account a token to choose another password, by an operator, in place of all that it has.
    async fn replace_reset_tokens(&self, user: UserId, token: OneTimeToken, stamp: Stamp) -> StoreResult<()>;

    /// The tokens that an account has for a purpose. They may have expired.
    async fn one_time_tokens(&self, user: UserId, purpose: Purpose) -> StoreResult<Vec<OneTimeToken>>;

    /// Uses up a token, and all others for the same purpose, to mark the account's address as verified.
    /// [`super::StoreError::InvalidOneTimeToken`] when `presented` is none of the good ones.
    async fn verify_email(&self, user: UserId, presented: OneTimeDigest, stamp: Stamp) -> StoreResult<()>;

    /// Uses up a token to give the account another address, which counts as verified, and drops all other tokens. Returns the
    /// former address. [`super::StoreError::InvalidOneTimeToken`] when `presented` is none of the good ones,
    /// [`super::StoreError::EmailTaken`] when another account has the address.
    async fn change_email(
        &self,
        user: UserId,
        presented: OneTimeDigest,
        email: Email,
        stamp: Stamp,
    ) -> StoreResult<Email>;

    /// Uses up a token, and all others for the same purpose, to replace the password hash, and ends all sessions of the
    /// account. Returns the API keys that it had made in its workspaces, which end as well if so wished.
    /// [`super::StoreError::InvalidOneTimeToken`] when `presented` is none of the good ones, or the account is disabled.
    async fn reset_password(
        &self,
        user: UserId,
        presented: OneTimeDigest,
        reset: PasswordReset,
        stamp: Stamp,
    ) -> StoreResult<Vec<ApiKey>>;
}

/// What a password is reset to, and what becomes of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordReset {
    /// The hash of the new password.
    pub hash: String,
    /// Whether the API keys of the account end.
    pub revoke_api_keys: bool,
    /// Where the client is, which the account then knows.
    pub from: Option<Network>,
}
