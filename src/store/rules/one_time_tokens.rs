//! One-time tokens, and what is proved by them.

use async_trait::async_trait;

use super::rows::{accounts, sessions};
use super::{about, api_keys, write};
use crate::domain::{ApiKey, ChangeKind, Email, OneTimeDigest, OneTimeToken, Purpose, Stamp, UserId};
use crate::store::engine::{Engine, Name, Scope, Table, Tx};
use crate::store::reading::Reading as _;
use crate::store::records::Account;
use crate::store::{OneTimeTokens, PasswordReset, StoreError, StoreResult};

const UPDATE: Name = Name::new("update", "users");

#[async_trait]
impl<E: Engine> OneTimeTokens for E {
    async fn issue_one_time_token(
        &self,
        user: UserId,
        purpose: Purpose,
        token: OneTimeToken,
        stamp: Stamp,
    ) -> StoreResult<bool> {
        write(self, Name::new("insert", "one_time_tokens"), stamp, move |tx| issue(tx, user, purpose, &token)).await
    }

    async fn replace_reset_tokens(&self, user: UserId, token: OneTimeToken, stamp: Stamp) -> StoreResult<()> {
        let rule = move |tx: &mut Tx<'_>| {
            forget(tx, user, Purpose::ResetPassword);
            issue(tx, user, Purpose::ResetPassword, &token).map(drop)
        };
        write(self, Name::new("insert", "one_time_tokens"), stamp, rule).await
    }

    async fn one_time_tokens(&self, user: UserId, purpose: Purpose) -> StoreResult<Vec<OneTimeToken>> {
        self.read(Name::new("get", "one_time_tokens"), |source| {
            let rows = keys(user, purpose).map(|key| source.row(Table::OneTimeTokens, &key));
            rows.filter_map(Result::transpose).collect()
        })
        .await
    }

    async fn verify_email(&self, user: UserId, presented: OneTimeDigest, stamp: Stamp) -> StoreResult<()> {
        write(self, UPDATE, stamp, move |tx| verify_email(tx, user, presented)).await
    }

    async fn change_email(
        &self,
        user: UserId,
        presented: OneTimeDigest,
        email: Email,
        stamp: Stamp,
    ) -> StoreResult<Email> {
        write(self, UPDATE, stamp, move |tx| change_email(tx, user, presented, email.clone())).await
    }

    async fn reset_password(
        &self,
        user: UserId,
        presented: OneTimeDigest,
        reset: PasswordReset,
        stamp: Stamp,
    ) -> StoreResult<Vec<ApiKey>> {
        write(self, UPDATE, stamp, move |tx| reset_password(tx, user, presented, &reset)).await
    }
}

/// See [`OneTimeTokens::issue_one_time_token`].
fn issue(tx: &mut Tx<'_>, user: UserId, purpose: Purpose, token: &OneTimeToken) -> StoreResult<bool> {
    accounts::require(tx, user)?;
    let Some(key) = free_key(tx, user, purpose)? else { return Ok(false) };
    tx.put(Table::OneTimeTokens, &key, token)?;
    let kind = match purpose {
        Purpose::VerifyEmail => ChangeKind::VerificationRequested(user),
        Purpose::ResetPassword => ChangeKind::PasswordResetRequested(user),
        Purpose::ChangeEmail => ChangeKind::EmailChangeRequested(user),
    };
    tx.log(Scope::User(user), kind);
    Ok(true)
}

/// Where another token can be put: where there is none, or one that has expired, or one that it is to replace.
fn free_key(tx: &Tx<'_>, user: UserId, purpose: Purpose) -> StoreResult<Option<[u8; 17]>> {
    let now = tx.stamp().at;
    for key in keys(user, purpose) {
        let token: Option<OneTimeToken> = tx.row(Table::OneTimeTokens, &key)?;
        if purpose != Purpose::ResetPassword || token.is_none_or(|token| token.expires_at <= now) {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

/// See [`OneTimeTokens::verify_email`].
fn verify_email(tx: &mut Tx<'_>, user: UserId, presented: OneTimeDigest) -> StoreResult<()> {
    let mut account = redeemer(tx, user, Purpose::VerifyEmail, presented)?;
    account.user.is_verified = true;
    account.user.updated_at = tx.stamp().at;
    forget(tx, user, Purpose::VerifyEmail);
    accounts::put(tx, &account)?;
    tx.log(Scope::User(user), ChangeKind::EmailVerified(user));
    Ok(())
}

/// See [`OneTimeTokens::change_email`].
fn change_email(tx: &mut Tx<'_>, user: UserId, presented: OneTimeDigest, email: Email) -> StoreResult<Email> {
    let mut account = redeemer(tx, user, Purpose::ChangeEmail, presented)?;
    if tx.claimed(Table::UsersByEmail, email.as_str())?.is_some() {
        return Err(StoreError::EmailTaken);
    }
    tx.remove(Table::UsersByEmail, account.user.email.as_str().as_bytes());
    tx.put_bytes(Table::UsersByEmail, email.as_str().as_bytes(), &user.to_bytes())?;
    let former = std::mem::replace(&mut account.user.email, email);
    account.user.is_verified = true;
    account.user.updated_at = tx.stamp().at;
    // What was sent to the former address is void.
    forget_all(tx, user);
    accounts::put(tx, &account)?;
    tx.log(Scope::User(user), ChangeKind::EmailChanged(user));
    Ok(former)
}

/// See [`OneTimeTokens::reset_password`].
fn reset_password(
    tx: &mut Tx<'_>,
    user: UserId,
    presented: OneTimeDigest,
    reset: &PasswordReset,
) -> StoreResult<Vec<ApiKey>> {
    let account = redeemer(tx, user, Purpose::ResetPassword, presented)?;
    put_reset(tx, account, reset, ChangeKind::PasswordReset(user))
}

/// Puts another password in the place of the one that an account has, for everyone who is signed in to it.
pub(super) fn put_reset(
    tx: &mut Tx<'_>,
    mut account: Account,
    reset: &PasswordReset,
    kind: ChangeKind,
) -> StoreResult<Vec<ApiKey>> {
    let user = account.user.id;
    forget(tx, user, Purpose::ResetPassword);
    if let Some(network) = reset.from {
        account.networks.note(network, tx.stamp().at);
    }
    accounts::put_password(tx, account, &reset.hash)?;
    let keys = api_keys::made_by(tx, user)?;
    if reset.revoke_api_keys {
        keys.iter().for_each(|key| api_keys::remove(tx, key.tenant, key.id));
    }
    sessions::end_all(tx, user, None)?;
    let about = about::of(tx, user, None)?;
    tx.log_about(user, about, kind);
    Ok(keys)
}

/// The account that may use what was presented.
fn redeemer(tx: &Tx<'_>, user: UserId, purpose: Purpose, presented: OneTimeDigest) -> StoreResult<Account> {
    let mut is_good = false;
    for key in keys(user, purpose) {
        let token: Option<OneTimeToken> = tx.row(Table::OneTimeTokens, &key)?;
        is_good |= token.is_some_and(|token| token.is_proved_by(presented, tx.stamp().at));
    }
    let account: Option<Account> = tx.row(Table::Users, &user.to_bytes())?;
    account.filter(|account| is_good && account.user.is_active).ok_or(StoreError::InvalidOneTimeToken)
}

/// Removes all tokens that an account has.
pub(super) fn forget_all(tx: &mut Tx<'_>, user: UserId) {
    for purpose in [Purpose::VerifyEmail, Purpose::ResetPassword, Purpose::ChangeEmail] {
        forget(tx, user, purpose);
    }
}

/// Removes the tokens that an account has for a purpose.
pub(super) fn forget(tx: &mut Tx<'_>, user: UserId, purpose: Purpose) {
    for key in keys(user, purpose) {
        tx.remove(Table::OneTimeTokens, &key);
    }
}

/// Where the tokens of an account for a purpose are. The numbers of purposes are part of the stored keys, and so is how far
/// apart their tokens are.
fn keys(user: UserId, purpose: Purpose) -> impl Iterator<Item = [u8; 17]> {
    const PURPOSES: u8 = 2;
    let (first, count) = match purpose {
        Purpose::VerifyEmail => (1, 1),
        Purpose::ResetPassword => (2, OneTimeToken::MAX_RESETS),
        Purpose::ChangeEmail => (3, 1),
    };
    (0..count).map(move |number| {
        let mut key = [0; 17];
        key[..16].copy_from_slice(&user.to_bytes());
        key[16] = first + number * PURPOSES;
        key
    })
}
