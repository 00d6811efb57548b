//! Accounts and their password hashes.

use async_trait::async_trait;

use super::rows::{accounts, sessions};
use super::{about, one_time_tokens, write};
use crate::domain::{
    ApiKey, ChangeKind, Credentials, Email, KnownNetworks, MAX_OLDER_COST, MIN_OLDER_COST, NameChange, Purpose,
    SessionId, Stamp, User, UserId,
};
use crate::store::engine::{Counter, Engine, Name, Scope, Source, Span, Table, Tx};
use crate::store::reading::Reading as _;
use crate::store::records::Account;
use crate::store::{PasswordReset, StoreError, StoreResult, Users};

const UPDATE: Name = Name::new("update", "users");
const GET: Name = Name::new("get", "users");

#[async_trait]
impl<E: Engine> Users for E {
    async fn create_user(&self, user: User, password_hash: String, stamp: Stamp) -> StoreResult<()> {
        let account = Account { user, password_hash, networks: KnownNetworks::default() };
        write(self, Name::new("insert", "users"), stamp, move |tx| create(tx, &account)).await
    }

    async fn user(&self, id: UserId) -> StoreResult<Option<User>> {
        self.read(GET, |source| accounts::find(source, id)).await
    }

    async fn users_after(&self, after: Option<UserId>, limit: usize) -> StoreResult<Vec<User>> {
        self.read(Name::new("list", "users"), |source| {
            let after = after.map(UserId::to_bytes);
            let span = Span::all().after(after.as_ref().map(<[u8; 16]>::as_slice));
            let accounts: Vec<Account> = source.rows(Table::Users, &span, limit)?;
            Ok(accounts.into_iter().map(|account| account.user).collect::<Vec<_>>())
        })
        .await
    }

    async fn credentials(&self, email: &Email) -> StoreResult<Option<Credentials>> {
        self.read(GET, |source| credentials(source, email)).await
    }

    async fn slowest_older_hash(&self) -> StoreResult<Option<u32>> {
        self.read(Name::new("get", "counters"), slowest_older_hash).await
    }

    async fn replace_password_hash(
        &self,
        user: UserId,
        expected: String,
        hash: String,
        stamp: Stamp,
    ) -> StoreResult<bool> {
        write(self, UPDATE, stamp, move |tx| replace_password_hash(tx, user, &expected, &hash)).await
    }

    async fn change_password(
        &self,
        user: UserId,
        expected: String,
        hash: String,
        keep: SessionId,
        stamp: Stamp,
    ) -> StoreResult<bool> {
        write(self, UPDATE, stamp, move |tx| change_password(tx, user, &expected, &hash, keep)).await
    }

    async fn change_names(&self, user: UserId, names: NameChange, stamp: Stamp) -> StoreResult<User> {
        write(self, UPDATE, stamp, move |tx| change_names(tx, user, &names)).await
    }

    async fn set_password(&self, user: UserId, reset: PasswordReset, stamp: Stamp) -> StoreResult<Vec<ApiKey>> {
        write(self, UPDATE, stamp, move |tx| set_password(tx, user, &reset)).await
    }

    async fn end_sessions(&self, user: UserId, stamp: Stamp) -> StoreResult<usize> {
        write(self, Name::new("delete", "sessions"), stamp, move |tx| end_sessions(tx, user)).await
    }

    async fn set_user_active(&self, user: UserId, is_active: bool, stamp: Stamp) -> StoreResult<bool> {
        write(self, UPDATE, stamp, move |tx| set_active(tx, user, is_active)).await
    }

    async fn set_user_operator(&self, user: UserId, is_operator: bool, stamp: Stamp) -> StoreResult<bool> {
        write(self, UPDATE, stamp, move |tx| set_operator(tx, user, is_operator)).await
    }
}

/// See [`Users::create_user`].
pub(super) fn create(tx: &mut Tx<'_>, account: &Account) -> StoreResult<()> {
    let (id, email) = (account.user.id, account.user.email.as_str());
    if tx.claimed(Table::UsersByEmail, email)?.is_some() {
        return Err(StoreError::EmailTaken);
    }
    tx.put_bytes(Table::UsersByEmail, email.as_bytes(), &id.to_bytes())?;
    accounts::put(tx, account)?;
    tx.add(id.to_bytes(), Counter::Users, 1);
    tx.log(Scope::User(id), ChangeKind::UserRegistered(id));
    if account.user.is_operator {
        tx.log(Scope::User(id), ChangeKind::OperatorGranted(id));
    }
    Ok(())
}

/// See [`Users::replace_password_hash`].
fn replace_password_hash(tx: &mut Tx<'_>, user: UserId, expected: &str, hash: &str) -> StoreResult<bool> {
    let account = accounts::account(tx, user)?;
    if account.password_hash != expected {
        return Ok(false);
    }
    accounts::put(tx, &Account { password_hash: hash.to_owned(), ..account })?;
    tx.log(Scope::User(user), ChangeKind::PasswordRehashed(user));
    Ok(true)
}

/// See [`Users::change_password`].
fn change_password(tx: &mut Tx<'_>, user: UserId, expected: &str, hash: &str, keep: SessionId) -> StoreResult<bool> {
    let account = accounts::account(tx, user)?;
    if account.password_hash != expected {
        return Ok(false);
    }
    accounts::put_password(tx, account, hash)?;
    one_time_tokens::forget(tx, user, Purpose::ResetPassword);
    one_time_tokens::forget(tx, user, Purpose::ChangeEmail);
    sessions::end_all(tx, user, Some(keep))?;
    let about = sessions::about(tx, user, keep)?;
    tx.log_about(user, about, ChangeKind::PasswordChanged(user));
    Ok(true)
}

/// See [`Users::change_names`].
fn change_names(tx: &mut Tx<'_>, user: UserId, names: &NameChange) -> StoreResult<User> {
    let mut account = accounts::account(tx, user)?;
    let before = account.user.clone();
    names.apply(&mut account.user);
    if account.user == before {
        return Ok(before);
    }
    account.user.updated_at = tx.stamp().at;
    accounts::put(tx, &account)?;
    tx.log(Scope::User(user), ChangeKind::ProfileChanged(user));
    Ok(account.user)
}

/// See [`Users::set_password`].
fn set_password(tx: &mut Tx<'_>, user: UserId, reset: &PasswordReset) -> StoreResult<Vec<ApiKey>> {
    let account = accounts::account(tx, user)?;
    one_time_tokens::put_reset(tx, account, reset, ChangeKind::PasswordSet(user))
}

/// See [`Users::end_sessions`].
fn end_sessions(tx: &mut Tx<'_>, user: UserId) -> StoreResult<usize> {
    accounts::require(tx, user)?;
    let lived = sessions::count_live(tx, user)?;
    sessions::end_all(tx, user, None)?;
    let about = about::of(tx, user, None)?;
    tx.log_about(user, about, ChangeKind::SessionsEnded(user));
    Ok(lived)
}

/// See [`Users::set_user_active`].
fn set_active(tx: &mut Tx<'_>, user: UserId, is_active: bool) -> StoreResult<bool> {
    let mut account = accounts::account(tx, user)?;
    if account.user.is_active == is_active {
        return Ok(false);
    }
    account.user.is_active = is_active;
    account.user.updated_at = tx.stamp().at;
    accounts::put(tx, &account)?;
    let about = about::of(tx, user, None)?;
    if is_active {
        tx.log_about(user, about, ChangeKind::UserEnabled(user));
    } else {
        sessions::end_all(tx, user, None)?;
        one_time_tokens::forget_all(tx, user);
        tx.log_about(user, about, ChangeKind::UserDisabled(user));
    }
    Ok(true)
}

/// See [`Users::set_user_operator`]. What it is about is the server, so no workspace shows it.
fn set_operator(tx: &mut Tx<'_>, user: UserId, is_operator: bool) -> StoreResult<bool> {
    let mut account = accounts::account(tx, user)?;
    if account.user.is_operator == is_operator {
        return Ok(false);
    }
    account.user.is_operator = is_operator;
    account.user.updated_at = tx.stamp().at;
    accounts::put(tx, &account)?;
    let done = if is_operator { ChangeKind::OperatorGranted } else { ChangeKind::OperatorRevoked };
    tx.log(Scope::User(user), done(user));
    Ok(true)
}

/// See [`Users::slowest_older_hash`].
fn slowest_older_hash(source: &dyn Source) -> StoreResult<Option<u32>> {
    for cost in (MIN_OLDER_COST..=MAX_OLDER_COST).rev() {
        if source.count(Counter::cost_scope(cost), Counter::OlderHashes)? > 0 {
            return Ok(Some(cost));
        }
    }
    Ok(None)
}

/// The account that has an address: exactly, or else composed.
fn id_of(source: &dyn Source, email: &Email) -> StoreResult<Option<[u8; 16]>> {
    let exactly = source.claimed(Table::UsersByEmail, email.as_str())?;
    let composed = email.composed();
    if exactly.is_some() || composed == *email {
        return Ok(exactly);
    }
    source.claimed(Table::UsersByEmail, composed.as_str())
}

/// See [`Users::credentials`].
fn credentials(source: &dyn Source, email: &Email) -> StoreResult<Option<Credentials>> {
    let Some(id) = id_of(source, email)? else { return Ok(None) };
    let account: Option<Account> = source.row(Table::Users, &id)?;
    Ok(account.map(|Account { user, password_hash, networks }| Credentials {
        user: user.id,
        password_hash,
        is_active: user.is_active,
        is_verified: user.is_verified,
        networks,
    }))
}
