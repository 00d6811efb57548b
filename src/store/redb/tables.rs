//! The tables: what is in them, how their keys are made, and all of them opened for one group of writes.
//!
//! Keys are bytes of fixed width, the tenant (or user) first, so that what belongs together lies together. The ids in
//! them are UUIDv7s, whose order is the order of creation: `artifacts` read backwards *is* the newest-first index, and
//! it holds no deleted row, because deletion moves the row to `artifacts_trash`.

use std::borrow::Borrow;

use redb::{Key, Range, ReadOnlyTable, ReadableTable, Table, TableDefinition, Value, WriteTransaction};

use super::changes::ChangeLog;
use super::counters::Counters;
use super::records::{self, Record};
use crate::store::StoreResult;

/// Rows of versioned bytes under keys of `N` bytes.
pub(super) type Definition<const N: usize> = TableDefinition<'static, &'static [u8; N], &'static [u8]>;
type Rows<'txn, const N: usize> = Table<'txn, &'static [u8; N], &'static [u8]>;
/// The ids that texts lead to.
pub(super) type IndexDefinition = TableDefinition<'static, &'static str, &'static [u8; 16]>;
type Index<'txn> = Table<'txn, &'static str, &'static [u8; 16]>;

/// user → account.
pub(super) const USERS: Definition<16> = TableDefinition::new("users");
/// address → user.
pub(super) const USERS_BY_EMAIL: IndexDefinition = TableDefinition::new("users_by_email");
/// user ‖ session → session.
pub(super) const SESSIONS: Definition<32> = TableDefinition::new("sessions");
/// user ‖ session → its newest spent refresh tokens, so that reuse is seen.
pub(super) const SPENT_TOKENS: Definition<32> = TableDefinition::new("spent_refresh_tokens");
/// tenant → workspace.
pub(super) const WORKSPACES: Definition<16> = TableDefinition::new("workspaces");
/// slug → tenant.
pub(super) const WORKSPACES_BY_SLUG: IndexDefinition = TableDefinition::new("workspaces_by_slug");
/// tenant ‖ user → membership.
pub(super) const MEMBERS: Definition<32> = TableDefinition::new("members");
/// user ‖ tenant: `members` the other way round.
pub(super) const MEMBERSHIPS_BY_USER: TableDefinition<'static, &'static [u8; 32], ()> =
    TableDefinition::new("memberships_by_user");
/// tenant ‖ artifact → artifact that is not in the trash.
pub(super) const ARTIFACTS: Definition<32> = TableDefinition::new("artifacts");
/// tenant ‖ artifact → artifact in the trash.
pub(super) const ARTIFACTS_TRASH: Definition<32> = TableDefinition::new("artifacts_trash");
/// tenant, or zeros for the whole ‖ kind → how many.
pub(super) const COUNTERS: TableDefinition<'static, &'static [u8; 17], u64> = TableDefinition::new("counters");
/// seq → change.
pub(super) const CHANGES: TableDefinition<'static, u64, &'static [u8]> = TableDefinition::new("changes");
/// What is true of the file as a whole, by name.
pub(super) const META: TableDefinition<'static, &'static str, &'static [u8]> = TableDefinition::new("meta");

/// The key of `second` under `first`.
pub(super) fn pair(first: [u8; 16], second: [u8; 16]) -> [u8; 32] {
    let mut key = [0; 32];
    key[..16].copy_from_slice(&first);
    key[16..].copy_from_slice(&second);
    key
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
    table: &impl ReadableTable<K, &'static [u8]>,
    key: impl Borrow<K::SelfType<'k>>,
) -> StoreResult<Option<R>> {
    table.get(key)?.map(|row| records::decode(row.value())).transpose()
}

/// Writes the row under `key`, over the one that was there.
pub(super) fn put<'k, K: Key + 'static, R: Record>(
    table: &mut Table<'_, K, &'static [u8]>,
    key: impl Borrow<K::SelfType<'k>>,
    entity: &R,
) -> StoreResult<()> {
    table.insert(key, records::encode(entity)?.as_slice())?;
    Ok(())
}

/// Every table that intents write, opened once for a whole group of them.
pub(super) struct Tables<'txn> {
    pub users: Rows<'txn, 16>,
    pub users_by_email: Index<'txn>,
    pub sessions: Rows<'txn, 32>,
    pub spent_tokens: Rows<'txn, 32>,
    pub workspaces: Rows<'txn, 16>,
    pub workspaces_by_slug: Index<'txn>,
    pub members: Rows<'txn, 32>,
    pub memberships_by_user: Table<'txn, &'static [u8; 32], ()>,
    pub artifacts: Rows<'txn, 32>,
    pub artifacts_trash: Rows<'txn, 32>,
    pub counters: Counters<'txn>,
    pub changes: ChangeLog<'txn>,
}

impl<'txn> Tables<'txn> {
    /// Opens them; those that are not there yet are created.
    pub fn open(txn: &'txn WriteTransaction) -> StoreResult<Self> {
        Ok(Self {
            users: txn.open_table(USERS)?,
            users_by_email: txn.open_table(USERS_BY_EMAIL)?,
            sessions: txn.open_table(SESSIONS)?,
            spent_tokens: txn.open_table(SPENT_TOKENS)?,
            workspaces: txn.open_table(WORKSPACES)?,
            workspaces_by_slug: txn.open_table(WORKSPACES_BY_SLUG)?,
            members: txn.open_table(MEMBERS)?,
            memberships_by_user: txn.open_table(MEMBERSHIPS_BY_USER)?,
            artifacts: txn.open_table(ARTIFACTS)?,
            artifacts_trash: txn.open_table(ARTIFACTS_TRASH)?,
            counters: Counters::new(txn.open_table(COUNTERS)?),
            changes: ChangeLog::new(txn.open_table(CHANGES)?)?,
        })
    }

    /// Writes what was held back for the end of the group. Whether anything was written at all.
    pub fn finish(mut self) -> StoreResult<bool> {
        self.counters.flush()?;
        Ok(self.changes.appended() > 0)
    }
}
