//! The tables: what is in them, how their keys are made, and those that a group of writes needs, opened.
//!
//! Keys are bytes of fixed width, the tenant (or user) first, so that what belongs together lies together. The ids in
//! them are UUIDv7s, whose order is the order of creation: `artifacts` read backwards *is* the newest-first index, and
//! it holds no deleted row, because deletion moves the row to `artifacts_trash`.

use std::borrow::Borrow;

use redb::{Key, Range, ReadOnlyTable, ReadableTable, Table, TableDefinition, TableHandle, Value, WriteTransaction};

use super::answers;
use super::changes::ChangeLog;
use super::counters::Counters;
use super::records::{self, Record};
use super::remembered::Rewritten;
use crate::domain::{ChangeKind, Quotas, Stamp, TenantId};
use crate::store::{StoreError, StoreResult};

/// Rows of versioned bytes under keys of `N` bytes.
pub(super) type Definition<const N: usize> = TableDefinition<'static, &'static [u8; N], &'static [u8]>;
type Rows<'txn, const N: usize> = Table<'txn, &'static [u8; N], &'static [u8]>;
/// The ids that texts lead to.
pub(super) type IndexDefinition = TableDefinition<'static, &'static str, &'static [u8; 16]>;
type Index<'txn> = Table<'txn, &'static str, &'static [u8; 16]>;
/// Keys that say it all.
pub(super) type SetDefinition<const N: usize> = TableDefinition<'static, &'static [u8; N], ()>;
type Set<'txn, const N: usize> = Table<'txn, &'static [u8; N], ()>;

/// user → account.
pub(super) const USERS: Definition<16> = TableDefinition::new("users");
/// address → user.
pub(super) const USERS_BY_EMAIL: IndexDefinition = TableDefinition::new("users_by_email");
/// user ‖ purpose → the one-time token that is good for it.
pub(super) const ONE_TIME_TOKENS: Definition<17> = TableDefinition::new("one_time_tokens");
/// user ‖ session → session.
pub(super) const SESSIONS: Definition<32> = TableDefinition::new("sessions");
/// user ‖ session → its newest spent refresh tokens, so that reuse is seen.
pub(super) const SPENT_TOKENS: Definition<32> = TableDefinition::new("spent_refresh_tokens");
/// tenant → workspace.
pub(super) const WORKSPACES: Definition<16> = TableDefinition::new("workspaces");
/// slug → tenant.
pub(super) const WORKSPACES_BY_SLUG: IndexDefinition = TableDefinition::new("workspaces_by_slug");
/// tenant: the workspace was deleted, and what was in it is being removed.
pub(super) const WORKSPACES_DELETED: SetDefinition<16> = TableDefinition::new("workspaces_deleted");
/// tenant ‖ user → membership.
pub(super) const MEMBERS: Definition<32> = TableDefinition::new("members");
/// user ‖ tenant: `members` the other way round.
pub(super) const MEMBERSHIPS_BY_USER: SetDefinition<32> = TableDefinition::new("memberships_by_user");
/// tenant ‖ key → API key.
pub(super) const API_KEYS: Definition<32> = TableDefinition::new("api_keys");
/// tenant ‖ artifact → artifact that is not in the trash.
pub(super) const ARTIFACTS: Definition<32> = TableDefinition::new("artifacts");
/// tenant ‖ artifact → artifact in the trash.
pub(super) const ARTIFACTS_TRASH: Definition<32> = TableDefinition::new("artifacts_trash");
/// tenant ‖ artifact ‖ version → the artifact as it was at a version before its current one.
pub(super) const ARTIFACT_VERSIONS: Definition<40> = TableDefinition::new("artifact_versions");
/// user ‖ digest of an idempotency key → what was done under it, and its answer.
pub(super) const ANSWERS: Definition<48> = TableDefinition::new("answers");
/// expiry ‖ user ‖ digest: `answers` in the order in which they expire.
pub(super) const ANSWERS_BY_EXPIRY: SetDefinition<56> = TableDefinition::new("answers_by_expiry");
/// tenant, or zeros for the whole ‖ kind → how many.
pub(super) const COUNTERS: TableDefinition<'static, &'static [u8; 17], u64> = TableDefinition::new("counters");
/// seq → change.
pub(super) const CHANGES: TableDefinition<'static, u64, &'static [u8]> = TableDefinition::new("changes");
/// What is true of the file as a whole, by name.
pub(super) const META: TableDefinition<'static, &'static str, &'static [u8]> = TableDefinition::new("meta");

/// Goes over all tables, whatever their types: `$body` sees the definition of each as `$table`.
macro_rules! every_table {
    ($table:ident => $body:expr) => {
        every_table!($table => $body;
            USERS USERS_BY_EMAIL ONE_TIME_TOKENS SESSIONS SPENT_TOKENS WORKSPACES WORKSPACES_BY_SLUG WORKSPACES_DELETED
            MEMBERS MEMBERSHIPS_BY_USER API_KEYS ARTIFACTS ARTIFACTS_TRASH ARTIFACT_VERSIONS ANSWERS ANSWERS_BY_EXPIRY
            COUNTERS CHANGES META)
    };
    ($table:ident => $body:expr; $($definition:ident)+) => {
        $({
            let $table = $crate::store::redb::tables::$definition;
            $body
        })+
    };
}
pub(super) use every_table;

/// The key of `second` under `first`.
pub(super) fn pair(first: [u8; 16], second: [u8; 16]) -> [u8; 32] {
    let mut key = [0; 32];
    key[..16].copy_from_slice(&first);
    key[16..].copy_from_slice(&second);
    key
}

/// The second half of a key made by [`pair`].
pub(super) fn second_of(key: &[u8; 32]) -> [u8; 16] {
    let mut second = [0; 16];
    second.copy_from_slice(&key[16..]);
    second
}

/// The rows under `first`, in the order of the second half of their keys.
pub(super) fn rows_under<V: Value + 'static>(
    table: &ReadOnlyTable<&'static [u8; 32], V>,
    first: [u8; 16],
) -> StoreResult<Range<'static, &'static [u8; 32], V>> {
    Ok(table.range::<&[u8; 32]>(&pair(first, [0; 16])..=&pair(first, [u8::MAX; 16]))?)
}

/// The row under `key`.
pub(super) fn get<'k, K: Key + 'static, R: Record>(
    table: &(impl ReadableTable<K, &'static [u8]> + TableHandle),
    key: impl Borrow<K::SelfType<'k>>,
) -> StoreResult<Option<R>> {
    let key = key.borrow();
    table.get(key)?.map(|row| read(table.name(), K::as_bytes(key).as_ref(), row.value())).transpose()
}

/// What the row that was found under `key` says.
pub(super) fn read<R: Record>(table: &str, key: &[u8], row: &[u8]) -> StoreResult<R> {
    records::decode(row).map_err(|cause| StoreError::damaged(table, key, cause))
}

/// Writes the row under `key`, over the one that was there.
pub(super) fn put<'k, K: Key + 'static, R: Record>(
    table: &mut Table<'_, K, &'static [u8]>,
    key: impl Borrow<K::SelfType<'k>>,
    entity: &R,
) -> StoreResult<()> {
    put_measured(table, key, entity).map(drop)
}

/// The same, and returns how many bytes the row has.
pub(super) fn put_measured<'k, K: Key + 'static, R: Record>(
    table: &mut Table<'_, K, &'static [u8]>,
    key: impl Borrow<K::SelfType<'k>>,
    entity: &R,
) -> StoreResult<u64> {
    let row = records::encode(entity)?;
    table.insert(key, row.as_slice())?;
    Ok(row.len() as u64)
}

/// The tables that a group of intents works on, each opened when it is first needed.
pub(super) struct Tables<'txn> {
    txn: &'txn WriteTransaction,
    opened: Opened<'txn>,
    counters: Option<Counters<'txn>>,
    changes: Option<ChangeLog<'txn>>,
    /// What the group rewrote of the rows that are remembered outside.
    pub rewritten: Rewritten,
    /// The most that a workspace may have.
    pub quotas: Quotas,
    /// Whether something was written that has no entry in the change log.
    unlogged: bool,
}

/// Opens each table at most once for a group; redb creates those that are not there yet.
macro_rules! opened {
    ($($(#[$doc:meta])* $name:ident: $definition:ident, $table:ty;)+) => {
        #[derive(Default)]
        struct Opened<'txn> {
            $($name: Option<$table>,)+
        }

        impl<'txn> Tables<'txn> {
            $(
                #[doc = concat!("See [`", stringify!($definition), "`].")]
                pub fn $name(&mut self) -> StoreResult<&mut $table> {
                    match &mut self.opened.$name {
                        Some(table) => Ok(table),
                        none => Ok(none.insert(self.txn.open_table($definition)?)),
                    }
                }
            )+

            fn open_all(&mut self) -> StoreResult<()> {
                $(self.$name()?;)+
                Ok(())
            }
        }
    };
}

opened! {
    users: USERS, Rows<'txn, 16>;
    users_by_email: USERS_BY_EMAIL, Index<'txn>;
    one_time_tokens: ONE_TIME_TOKENS, Rows<'txn, 17>;
    sessions: SESSIONS, Rows<'txn, 32>;
    spent_tokens: SPENT_TOKENS, Rows<'txn, 32>;
    workspaces: WORKSPACES, Rows<'txn, 16>;
    workspaces_by_slug: WORKSPACES_BY_SLUG, Index<'txn>;
    workspaces_deleted: WORKSPACES_DELETED, Set<'txn, 16>;
    members: MEMBERS, Rows<'txn, 32>;
    memberships_by_user: MEMBERSHIPS_BY_USER, Set<'txn, 32>;
    api_keys: API_KEYS, Rows<'txn, 32>;
    artifacts: ARTIFACTS, Rows<'txn, 32>;
    artifacts_trash: ARTIFACTS_TRASH, Rows<'txn, 32>;
    artifact_versions: ARTIFACT_VERSIONS, Rows<'txn, 40>;
    answers: ANSWERS, Rows<'txn, 48>;
    answers_by_expiry: ANSWERS_BY_EXPIRY, Set<'txn, 56>;
}

impl<'txn> Tables<'txn> {
    /// The tables of a transaction.
    pub fn of(txn: &'txn WriteTransaction) -> Self {
        Self {
            txn,
            opened: Opened::default(),
            counters: None,
            changes: None,
            rewritten: Rewritten::default(),
            quotas: Quotas::default(),
            unlogged: false,
        }
    }

    /// Creates the tables that are not there yet.
    pub fn create(txn: &'txn WriteTransaction) -> StoreResult<()> {
        let mut tables = Self::of(txn);
        tables.open_all()?;
        tables.counters()?;
        tables.changes()?;
        Ok(())
    }

    /// See [`COUNTERS`].
    pub fn counters(&mut self) -> StoreResult<&mut Counters<'txn>> {
        match &mut self.counters {
            Some(counters) => Ok(counters),
            none => Ok(none.insert(Counters::new(self.txn.open_table(COUNTERS)?))),
        }
    }

    /// See [`CHANGES`].
    pub fn changes(&mut self) -> StoreResult<&mut ChangeLog<'txn>> {
        match &mut self.changes {
            Some(changes) => Ok(changes),
            none => Ok(none.insert(ChangeLog::new(self.txn.open_table(CHANGES)?)?)),
        }
    }

    /// Adds an entry to the change log, and notes the idempotency key it is done under. Every intent that writes does
    /// so once for each thing it changes.
    pub fn log(&mut self, tenant: Option<TenantId>, stamp: &Stamp, kind: ChangeKind) -> StoreResult<()> {
        if let Some(reservation) = &stamp.reservation {
            answers::note(self, reservation)?;
        }
        let next = self.changes()?.next_seq();
        let previous = match tenant {
            Some(tenant) => self.counters()?.note_change(tenant, next)?,
            None => 0,
        };
        self.changes()?.append(tenant, stamp, kind, previous)
    }

    /// Has the group committed although nothing of it is in the change log: it wrote what is nobody else's business.
    pub fn wrote_unlogged(&mut self) {
        self.unlogged = true;
    }

    /// How many entries the group has added to the change log so far.
    pub fn logged(&self) -> usize {
        self.changes.as_ref().map_or(0, ChangeLog::appended)
    }

    /// Writes what was held back for the end of the group. Returns whether anything was written at all, and what was
    /// rewritten.
    pub fn finish(mut self) -> StoreResult<(bool, Rewritten)> {
        if let Some(counters) = &mut self.counters {
            counters.flush()?;
        }
        Ok((self.unlogged || self.logged() > 0, self.rewritten))
    }
}
