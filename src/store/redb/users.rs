//! Accounts and their password hashes.

use super::RedbStore;
use super::counters::Counter;
use super::records::Account;
use super::snapshot::Snapshot;
use super::tables::{Tables, get, put};
use super::{home, one_time_tokens, sessions};
use crate::domain::{ChangeKind, Credentials, Email, Purpose, SessionId, Stamp, User, UserId};
use crate::store::{Missing, StoreError, StoreResult, Users};
use async_trait::async_trait;
use redb::ReadableTable;

#[async_trait]
impl Users for RedbStore {
    async fn create_user(&self, user: User, password_hash: String, stamp: Stamp) -> StoreResult<()> {
        self.write("insert", "users", move |tables| create(tables, user, password_hash, &stamp)).await
    }

    async fn user(&self, id: UserId) -> StoreResult<Option<User>> {
        self.read("get", "users", |snapshot| find(snapshot, id))
    }

    async fn credentials(&self, email: &Email) -> StoreResult<Option<Credentials>> {
        self.read("get", "users", |snapshot| credentials(snapshot, email))
    }

    async fn replace_password_hash(
        &self,
        user: UserId,
        expected: String,
        hash: String,
        stamp: Stamp,
    ) -> StoreResult<bool> {
        let intent = move |tables: &mut Tables<'_>| replace_password_hash(tables, user, &expected, hash, &stamp);
        self.write("update", "users", intent).await
    }

    async fn change_password(
        &self,
        user: UserId,
        expected: String,
        hash: String,
        keep: SessionId,
        stamp: Stamp,
    ) -> StoreResult<bool> {
        let intent = move |tables: &mut Tables<'_>| change_password(tables, user, &expected, hash, keep, &stamp);
        self.write("update", "users", intent).await
    }

    async fn set_user_active(&self, user: UserId, is_active: bool, stamp: Stamp) -> StoreResult<bool> {
        self.write("update", "users", move |tables| set_active(tables, user, is_active, &stamp)).await
    }
}

/// See [`crate::store::Users::create_user`].
pub(super) fn create(tables: &mut Tables<'_>, user: User, password_hash: String, stamp: &Stamp) -> StoreResult<()> {
    if tables.users_by_email()?.get(user.email.as_str())?.is_some() {
        return Err(StoreError::EmailTaken);
    }
    let account = Account { user, password_hash };
    let id = account.user.id;
    tables.users_by_email()?.insert(account.user.email.as_str(), &id.to_bytes())?;
    put(tables.users()?, &id.to_bytes(), &account)?;
    tables.counters()?.add(Counter::Users, 1)?;
    tables.log(None, stamp, ChangeKind::UserRegistered(id))
}

/// See [`crate::store::Users::replace_password_hash`].
pub(super) fn replace_password_hash(
    tables: &mut Tables<'_>,
    user: UserId,
    expected: &str,
    hash: String,
    stamp: &Stamp,
) -> StoreResult<bool> {
    let account = account(tables, user)?;
    if account.password_hash != expected {
        return Ok(false);
    }
    put(tables.users()?, &user.to_bytes(), &Account { password_hash: hash, ..account })?;
    tables.log(None, stamp, ChangeKind::PasswordRehashed(user))?;
    Ok(true)
}

/// See [`Users::change_password`].
fn change_password(
    tables: &mut Tables<'_>,
    user: UserId,
    expected: &str,
    hash: String,
    keep: SessionId,
    stamp: &Stamp,
) -> StoreResult<bool> {
    let account = account(tables, user)?;
    if account.password_hash != expected {
        return Ok(false);
    }
    put_password(tables, account, hash, stamp)?;
    one_time_tokens::forget(tables, user, Purpose::ResetPassword)?;
    sessions::end_all(tables, user, Some(keep))?;
    let home = sessions::home(tables, user, keep)?;
    tables.log(home, stamp, ChangeKind::PasswordChanged(user))?;
    Ok(true)
}

/// See [`Users::set_user_active`].
fn set_active(tables: &mut Tables<'_>, user: UserId, is_active: bool, stamp: &Stamp) -> StoreResult<bool> {
    let mut account = account(tables, user)?;
    if account.user.is_active == is_active {
        return Ok(false);
    }
    account.user.is_active = is_active;
    account.user.updated_at = stamp.at;
    put(tables.users()?, &user.to_bytes(), &account)?;
    let home = home::of(tables, user, None)?;
    if is_active {
        tables.log(home, stamp, ChangeKind::UserEnabled(user))?;
    } else {
        sessions::end_all(tables, user, None)?;
        one_time_tokens::forget(tables, user, Purpose::VerifyEmail)?;
        one_time_tokens::forget(tables, user, Purpose::ResetPassword)?;
        tables.log(home, stamp, ChangeKind::UserDisabled(user))?;
    }
    Ok(true)
}

/// Writes an account with the hash of another password.
pub(super) fn put_password(
    tables: &mut Tables<'_>,
    mut account: Account,
    hash: String,
    stamp: &Stamp,
) -> StoreResult<()> {
    account.password_hash = hash;
    account.user.updated_at = stamp.at;
    put(tables.users()?, &account.user.id.to_bytes(), &account)
}

/// An account that is there.
pub(super) fn account(tables: &mut Tables<'_>, user: UserId) -> StoreResult<Account> {
    get(tables.users()?, &user.to_bytes())?.ok_or(StoreError::NotFound(Missing::User))
}

/// Refuses when there is no such account.
pub(super) fn require(tables: &mut Tables<'_>, user: UserId) -> StoreResult<()> {
    match tables.users()?.get(&user.to_bytes())? {
        Some(_) => Ok(()),
        None => Err(StoreError::NotFound(Missing::User)),
    }
}

/// See [`crate::store::Users::user`].
pub(super) fn find(snapshot: &Snapshot, id: UserId) -> StoreResult<Option<User>> {
    let account: Option<Account> = get(snapshot.users()?, &id.to_bytes())?;
    Ok(account.map(|account| account.user))
}

/// See [`crate::store::Users::credentials`].
pub(super) fn credentials(snapshot: &Snapshot, email: &Email) -> StoreResult<Option<Credentials>> {
    let Some(id) = snapshot.users_by_email()?.get(email.as_str())? else { return Ok(None) };
    let account: Option<Account> = get(snapshot.users()?, id.value())?;
    Ok(account.map(|Account { user, password_hash }| Credentials {
        user: user.id,
        password_hash,
        is_active: user.is_active,
        is_verified: user.is_verified,
    }))
}
