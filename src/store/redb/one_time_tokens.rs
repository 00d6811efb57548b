//! One-time tokens, and what is proved by them.

use async_trait::async_trait;

use super::RedbStore;
use super::home;
use super::records::Account;
use super::sessions;
use super::tables::{Tables, get, put};
use super::users;
use crate::domain::{ChangeKind, OneTimeDigest, OneTimeToken, Purpose, Stamp, UserId};
use crate::store::{OneTimeTokens, StoreError, StoreResult};

#[async_trait]
impl OneTimeTokens for RedbStore {
    async fn issue_one_time_token(
        &self,
        user: UserId,
        purpose: Purpose,
        token: OneTimeToken,
        stamp: Stamp,
    ) -> StoreResult<()> {
        let intent = move |tables: &mut Tables<'_>| issue(tables, user, purpose, &token, &stamp);
        self.write("insert", "one_time_tokens", intent).await
    }

    async fn one_time_token(&self, user: UserId, purpose: Purpose) -> StoreResult<Option<OneTimeToken>> {
        self.read("get", "one_time_tokens", |snapshot| get(snapshot.one_time_tokens()?, &key(user, purpose)))
    }

    async fn verify_email(&self, user: UserId, presented: OneTimeDigest, stamp: Stamp) -> StoreResult<()> {
        self.write("update", "users", move |tables| verify_email(tables, user, presented, &stamp)).await
    }

    async fn reset_password(
        &self,
        user: UserId,
        presented: OneTimeDigest,
        hash: String,
        stamp: Stamp,
    ) -> StoreResult<()> {
        self.write("update", "users", move |tables| reset_password(tables, user, presented, hash, &stamp)).await
    }
}

/// See [`OneTimeTokens::issue_one_time_token`].
fn issue(
    tables: &mut Tables<'_>,
    user: UserId,
    purpose: Purpose,
    token: &OneTimeToken,
    stamp: &Stamp,
) -> StoreResult<()> {
    users::account(tables, user)?;
    put(tables.one_time_tokens()?, &key(user, purpose), token)?;
    let kind = match purpose {
        Purpose::VerifyEmail => ChangeKind::VerificationRequested(user),
        Purpose::ResetPassword => ChangeKind::PasswordResetRequested(user),
    };
    tables.log(None, stamp, kind)
}

/// See [`OneTimeTokens::verify_email`].
fn verify_email(tables: &mut Tables<'_>, user: UserId, presented: OneTimeDigest, stamp: &Stamp) -> StoreResult<()> {
    let mut account = redeemer(tables, user, Purpose::VerifyEmail, presented, stamp)?;
    account.user.is_verified = true;
    account.user.updated_at = stamp.at;
    forget(tables, user, Purpose::VerifyEmail)?;
    put(tables.users()?, &user.to_bytes(), &account)?;
    tables.log(None, stamp, ChangeKind::EmailVerified(user))
}

/// See [`OneTimeTokens::reset_password`].
fn reset_password(
    tables: &mut Tables<'_>,
    user: UserId,
    presented: OneTimeDigest,
    hash: String,
    stamp: &Stamp,
) -> StoreResult<()> {
    let account = redeemer(tables, user, Purpose::ResetPassword, presented, stamp)?;
    forget(tables, user, Purpose::ResetPassword)?;
    users::put_password(tables, account, hash, stamp)?;
    sessions::end_all(tables, user, None)?;
    let home = home::of(tables, user, None)?;
    tables.log(home, stamp, ChangeKind::PasswordReset(user))
}

/// The account that may use what was presented.
fn redeemer(
    tables: &mut Tables<'_>,
    user: UserId,
    purpose: Purpose,
    presented: OneTimeDigest,
    stamp: &Stamp,
) -> StoreResult<Account> {
    let token: Option<OneTimeToken> = get(tables.one_time_tokens()?, &key(user, purpose))?;
    let is_good = token.is_some_and(|token| token.is_proved_by(presented, stamp.at));
    let account: Option<Account> = get(tables.users()?, &user.to_bytes())?;
    account.filter(|account| is_good && account.user.is_active).ok_or(StoreError::InvalidOneTimeToken)
}

/// Removes the token that an account has for a purpose, if it has one.
pub(super) fn forget(tables: &mut Tables<'_>, user: UserId, purpose: Purpose) -> StoreResult<()> {
    tables.one_time_tokens()?.remove(&key(user, purpose))?;
    Ok(())
}

/// The numbers of purposes are part of the stored keys.
fn key(user: UserId, purpose: Purpose) -> [u8; 17] {
    let mut key = [0; 17];
    key[..16].copy_from_slice(&user.to_bytes());
    key[16] = match purpose {
        Purpose::VerifyEmail => 1,
        Purpose::ResetPassword => 2,
    };
    key
}
