//! The rows of accounts.

use crate::domain::{User, UserId};
use crate::store::engine::{Source, Table, Tx};
use crate::store::reading::Reading as _;
use crate::store::records::Account;
use crate::store::{Missing, StoreError, StoreResult};

/// Writes an account with the hash of another password.
pub(in crate::store::rules) fn put_password(tx: &mut Tx<'_>, mut account: Account, hash: &str) -> StoreResult<()> {
    hash.clone_into(&mut account.password_hash);
    account.user.updated_at = tx.stamp().at;
    put(tx, &account)
}

/// Writes an account.
pub(in crate::store::rules) fn put(tx: &mut Tx<'_>, account: &Account) -> StoreResult<()> {
    tx.put(Table::Users, &account.user.id.to_bytes(), account).map(drop)
}

/// An account that is there.
pub(in crate::store::rules) fn account(source: &impl Source, user: UserId) -> StoreResult<Account> {
    source.row(Table::Users, &user.to_bytes())?.ok_or(StoreError::NotFound(Missing::User))
}

/// Refuses when there is no such account.
pub(in crate::store::rules) fn require(source: &impl Source, user: UserId) -> StoreResult<()> {
    match source.has(Table::Users, &user.to_bytes())? {
        true => Ok(()),
        false => Err(StoreError::NotFound(Missing::User)),
    }
}

/// See [`Users::user`].
pub(in crate::store::rules) fn find(source: &dyn Source, id: UserId) -> StoreResult<Option<User>> {
    let account: Option<Account> = source.row(Table::Users, &id.to_bytes())?;
    Ok(account.map(|account| account.user))
}
