//! The rows of accounts.

use crate::domain::{User, UserId, older_cost};
use crate::store::engine::{Counter, Source, Table, Tx};
use crate::store::reading::{Reading as _, readable};
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
    let key = account.user.id.to_bytes();
    let before: Option<Account> = readable(tx.row(Table::Users, &key))?;
    count_older(tx, before.as_ref(), -1);
    count_older(tx, Some(account), 1);
    tx.put(Table::Users, &key, account).map(drop)
}

/// Removes an account.
pub(in crate::store::rules) fn remove(tx: &mut Tx<'_>, account: &Account) {
    count_older(tx, Some(account), -1);
    tx.remove(Table::Users, &account.user.id.to_bytes());
}

/// Counts an account whose hash another service made.
fn count_older(tx: &mut Tx<'_>, account: Option<&Account>, step: i64) {
    if let Some(cost) = account.and_then(|account| older_cost(&account.password_hash)) {
        tx.add(Counter::cost_scope(cost), Counter::OlderHashes, step);
    }
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
