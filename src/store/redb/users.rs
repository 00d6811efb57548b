//! Accounts and their password hashes.

use super::counters::Counter;
use super::records::Account;
use super::snapshot::Snapshot;
use super::tables::{Tables, get, put};
use crate::domain::{ChangeKind, Credentials, Email, Stamp, User, UserId};
use crate::store::{Missing, StoreError, StoreResult};
use redb::ReadableTable;

/// See [`crate::store::Store::create_user`].
pub(super) fn create(tables: &mut Tables<'_>, user: User, password_hash: String, stamp: Stamp) -> StoreResult<()> {
    if tables.users_by_email.get(user.email.as_str())?.is_some() {
        return Err(StoreError::EmailTaken);
    }
    let account = Account { user, password_hash };
    let id = account.user.id;
    tables.users_by_email.insert(account.user.email.as_str(), &id.to_bytes())?;
    put(&mut tables.users, &id.to_bytes(), &account)?;
    tables.counters.add(Counter::Users, 1)?;
    tables.changes.append(None, stamp, ChangeKind::UserRegistered(id))
}

/// See [`crate::store::Store::replace_password_hash`].
pub(super) fn replace_password_hash(
    tables: &mut Tables<'_>,
    user: UserId,
    expected: &str,
    hash: String,
    stamp: Stamp,
) -> StoreResult<()> {
    let key = user.to_bytes();
    let account: Account = get(&tables.users, &key)?.ok_or(StoreError::NotFound(Missing::User))?;
    if account.password_hash != expected {
        return Ok(());
    }
    put(&mut tables.users, &key, &Account { password_hash: hash, ..account })?;
    tables.changes.append(None, stamp, ChangeKind::PasswordRehashed(user))
}

/// Refuses when there is no such account.
pub(super) fn require(tables: &Tables<'_>, user: UserId) -> StoreResult<()> {
    match tables.users.get(&user.to_bytes())? {
        Some(_) => Ok(()),
        None => Err(StoreError::NotFound(Missing::User)),
    }
}

/// See [`crate::store::Store::user`].
pub(super) fn find(snapshot: &Snapshot, id: UserId) -> StoreResult<Option<User>> {
    let account: Option<Account> = get(&snapshot.users, &id.to_bytes())?;
    Ok(account.map(|account| account.user))
}

/// See [`crate::store::Store::credentials`].
pub(super) fn credentials(snapshot: &Snapshot, email: &Email) -> StoreResult<Option<Credentials>> {
    let Some(id) = snapshot.users_by_email.get(email.as_str())? else { return Ok(None) };
    let account: Option<Account> = get(&snapshot.users, id.value())?;
    Ok(account.map(|Account { user, password_hash }| Credentials {
        user: user.id,
        password_hash,
        is_active: user.is_active,
    }))
}
