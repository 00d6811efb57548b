//! The tables: what is in them, how their keys are made, and those that a group of writes needs, opened.
//!
//! Keys are bytes of fixed width, the tenant (or user) first, so that what belongs together lies together. The ids in
//! them are of any version, and their order says nothing: artifacts are in the order of their creation in a table of its
//! own. Deletion moves a row to `artifacts_trash`.

use std::borrow::Borrow;
use std::cell::{Cell, OnceCell};
use std::mem::take;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use redb::{Key, Range, ReadOnlyTable, ReadableTable, TableDefinition, TableHandle, Value, WriteTransaction};

use super::changes::{self, ChangeLog};
use super::counters::Counters;
use super::records::{self, Record};
use super::remembered::Rewritten;
use super::rows::{self, Watch};
use crate::domain::Stamp;
use crate::store::engine::{Counter, Cursor, End, Overlay, Source, Span, Table, Tx};
use crate::store::{Damage, Damages, StoreError, StoreResult};

pub(super) use crate::store::engine::{pair, second_of};

/// Rows of versioned bytes under keys of `N` bytes.
pub(super) type Definition<const N: usize> = TableDefinition<'static, &'static [u8; N], &'static [u8]>;
type Rows<'txn, const N: usize> = redb::Table<'txn, &'static [u8; N], &'static [u8]>;
/// The ids that texts lead to.
pub(super) type IndexDefinition = TableDefinition<'static, &'static str, &'static [u8; 16]>;
type Index<'txn> = redb::Table<'txn, &'static str, &'static [u8; 16]>;
/// Keys that say it all.
pub(super) type SetDefinition<const N: usize> = TableDefinition<'static, &'static [u8; N], ()>;
type Set<'txn, const N: usize> = redb::Table<'txn, &'static [u8; N], ()>;

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
/// user ‖ session → the salts of its tokens that were spent a moment ago.
pub(super) const REFRESH_SALTS: Definition<32> = TableDefinition::new("refresh_salts");
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
/// tenant ‖ key → when the API key was last used.
pub(super) const API_KEY_USES: Definition<32> = TableDefinition::new("api_key_uses");
/// tenant ‖ artifact → artifact that is not in the trash.
pub(super) const ARTIFACTS: Definition<32> = TableDefinition::new("artifacts");
/// tenant ‖ artifact → artifact in the trash.
pub(super) const ARTIFACTS_TRASH: Definition<32> = TableDefinition::new("artifacts_trash");
/// tenant ‖ whether it is in the trash ‖ time of creation ‖ artifact: both tables of artifacts in the order of creation.
pub(super) const ARTIFACTS_BY_CREATION: SetDefinition<41> = TableDefinition::new("artifacts_by_creation");
/// tenant ‖ artifact ‖ version → the artifact as it was at a version before its current one.
pub(super) const ARTIFACT_VERSIONS: Definition<40> = TableDefinition::new("artifact_versions");
/// tenant ‖ user ‖ half a digest, or user ‖ digest, of an idempotency key → what was done under it, and its answer.
pub(super) const ANSWERS: Definition<48> = TableDefinition::new("answers");
/// expiry ‖ tenant or user ‖ digest: `answers` in the order in which they expire.
pub(super) const ANSWERS_BY_EXPIRY: SetDefinition<56> = TableDefinition::new("answers_by_expiry");
/// tenant, or zeros for the whole ‖ kind → how many.
pub(super) const COUNTERS: TableDefinition<'static, &'static [u8; 17], u64> = TableDefinition::new("counters");
/// seq → change.
pub(super) const CHANGES: TableDefinition<'static, u64, &'static [u8]> = TableDefinition::new(changes::NAME);
/// What is true of the file as a whole, by name.
pub(super) const META: TableDefinition<'static, &'static str, &'static [u8]> = TableDefinition::new("meta");

/// Goes over all tables, whatever their types: `$body` sees the definition of each as `$table`.
macro_rules! every_table {
    ($table:ident => $body:expr) => {
        every_table!($table => $body;
            USERS USERS_BY_EMAIL ONE_TIME_TOKENS SESSIONS SPENT_TOKENS REFRESH_SALTS WORKSPACES WORKSPACES_BY_SLUG
            WORKSPACES_DELETED MEMBERS MEMBERSHIPS_BY_USER API_KEYS API_KEY_USES ARTIFACTS ARTIFACTS_TRASH
            ARTIFACTS_BY_CREATION ARTIFACT_VERSIONS ANSWERS ANSWERS_BY_EXPIRY COUNTERS CHANGES META)
    };
    ($table:ident => $body:expr; $($definition:ident)+) => {
        $({
            let $table = $crate::store::redb::tables::$definition;
            $body
        })+
    };
}
pub(super) use every_table;

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
    table: &mut redb::Table<'_, K, &'static [u8]>,
    key: impl Borrow<K::SelfType<'k>>,
    entity: &R,
) -> StoreResult<()> {
    table.insert(key, records::encode(entity)?.as_slice())?;
    Ok(())
}

/// The tables that a group of intents works on, each opened when it is first needed.
pub(super) struct Tables<'txn> {
    opened: Opened<'txn>,
    counters: OnceCell<Counters<'txn>>,
    changes: Option<ChangeLog<'txn>>,
    /// What the group rewrote of the rows that are remembered outside.
    pub rewritten: Rewritten,
    /// What the intent at hand has written.
    overlay: Overlay,
    /// Whether redb is at work: a panic is its own, then.
    is_inside: Cell<bool>,
    /// Whether anything was written.
    has_written: bool,
    /// The rows that can't be read.
    damages: Arc<Damages>,
}

/// Opens each table at most once for a group; redb creates those that are not there yet.
macro_rules! opened {
    ($($(#[$doc:meta])* $name:ident: $definition:ident, $table:ty;)+) => {
        struct Opened<'txn> {
            txn: &'txn WriteTransaction,
            $($name: OnceCell<$table>,)+
        }

        impl<'txn> Opened<'txn> {
            fn of(txn: &'txn WriteTransaction) -> Self {
                Self { txn, $($name: OnceCell::new(),)+ }
            }

            $(
                fn $name(&self) -> StoreResult<&$table> {
                    match self.$name.get() {
                        Some(table) => Ok(table),
                        None => {
                            let table = self.txn.open_table($definition)?;
                            Ok(self.$name.get_or_init(|| table))
                        }
                    }
                }
            )+
        }

        impl<'txn> Tables<'txn> {
            $(
                #[doc = concat!("See [`", stringify!($definition), "`].")]
                pub fn $name(&mut self) -> StoreResult<&mut $table> {
                    self.opened.$name()?;
                    self.opened.$name.get_mut().ok_or_else(not_open)
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
    refresh_salts: REFRESH_SALTS, Rows<'txn, 32>;
    workspaces: WORKSPACES, Rows<'txn, 16>;
    workspaces_by_slug: WORKSPACES_BY_SLUG, Index<'txn>;
    workspaces_deleted: WORKSPACES_DELETED, Set<'txn, 16>;
    members: MEMBERS, Rows<'txn, 32>;
    memberships_by_user: MEMBERSHIPS_BY_USER, Set<'txn, 32>;
    api_keys: API_KEYS, Rows<'txn, 32>;
    api_key_uses: API_KEY_USES, Rows<'txn, 32>;
    artifacts: ARTIFACTS, Rows<'txn, 32>;
    artifacts_trash: ARTIFACTS_TRASH, Rows<'txn, 32>;
    artifacts_by_creation: ARTIFACTS_BY_CREATION, Set<'txn, 41>;
    artifact_versions: ARTIFACT_VERSIONS, Rows<'txn, 40>;
    answers: ANSWERS, Rows<'txn, 48>;
    answers_by_expiry: ANSWERS_BY_EXPIRY, Set<'txn, 56>;
}

/// Has `$body` see as `$rows` the table of this name, of the open tables or of a snapshot.
macro_rules! named {
    ($tables:expr, $table:expr, $rows:ident => $body:expr) => {
        named!($tables, $table, $rows => $body;
            Users users, UsersByEmail users_by_email, OneTimeTokens one_time_tokens, Sessions sessions,
            SpentTokens spent_tokens, RefreshSalts refresh_salts, Workspaces workspaces, WorkspacesBySlug workspaces_by_slug,
            WorkspacesDeleted workspaces_deleted, Members members, MembershipsByUser memberships_by_user,
            ApiKeys api_keys, ApiKeyUses api_key_uses, Artifacts artifacts, ArtifactsTrash artifacts_trash,
            ArtifactsByCreation artifacts_by_creation, ArtifactVersions artifact_versions, Answers answers, AnswersByExpiry answers_by_expiry)
    };
    ($tables:expr, $table:expr, $rows:ident => $body:expr; $($name:ident $open:ident),+) => {
        match $table {
            $($crate::store::engine::Table::$name => {
                let $rows = $tables.$open()?;
                $body
            })+
        }
    };
}
pub(super) use named;

impl<'txn> Tables<'txn> {
    /// The tables of a transaction.
    pub fn of(txn: &'txn WriteTransaction) -> Self {
        Self {
            opened: Opened::of(txn),
            counters: OnceCell::new(),
            changes: None,
            rewritten: Rewritten::default(),
            overlay: Overlay::default(),
            is_inside: Cell::new(false),
            has_written: false,
            damages: Arc::default(),
        }
    }

    /// Has the rows noted that are met and can't be read.
    pub fn reporting(self, damages: Arc<Damages>) -> Self {
        Self { damages, ..self }
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
        self.counters_now()?;
        self.counters.get_mut().ok_or_else(not_open)
    }

    fn counters_now(&self) -> StoreResult<&Counters<'txn>> {
        match self.counters.get() {
            Some(counters) => Ok(counters),
            None => {
                let counters = Counters::new(self.opened.txn.open_table(COUNTERS)?);
                Ok(self.counters.get_or_init(|| counters))
            }
        }
    }

    /// See [`CHANGES`].
    pub fn changes(&mut self) -> StoreResult<&mut ChangeLog<'txn>> {
        match &mut self.changes {
            Some(changes) => Ok(changes),
            none => Ok(none.insert(ChangeLog::new(self.opened.txn.open_table(CHANGES)?)?)),
        }
    }

    /// Runs a rule, and writes what it wrote if it succeeded. Returns what it did, and how many entries it added to the
    /// change log. A failure is the database's: the group must be given up.
    pub fn run<T>(
        &mut self,
        stamp: &Stamp,
        rule: impl Fn(&mut Tx<'_>) -> StoreResult<T>,
    ) -> StoreResult<(StoreResult<T>, usize)> {
        let mut overlay = take(&mut self.overlay);
        self.is_inside.set(false);
        let ran = catch_unwind(AssertUnwindSafe(|| rule(&mut Tx::new(self, &mut overlay, stamp))));
        let outcome = match ran {
            Ok(Err(failure)) if failure.is_failure() => Err(failure),
            Ok(Err(refusal)) => Ok((Err(refusal), 0)),
            Ok(Ok(done)) => self.apply(&overlay, stamp).map(|()| (Ok(done), overlay.logged().len())),
            Err(_) if self.is_inside.get() => Err(StoreError::unavailable("the database panicked")),
            Err(_) => Ok((Err(StoreError::Internal("a write panicked".to_owned())), 0)),
        };
        self.overlay = overlay;
        outcome
    }

    /// Writes what a rule wrote, and whatever follows from it.
    fn apply(&mut self, overlay: &Overlay, stamp: &Stamp) -> StoreResult<()> {
        for (table, key, row) in overlay.writes() {
            named!(self, table, rows => write(rows, key, row)?);
            self.rewritten.note(table, key);
            if self.damages.any() {
                self.rewritten.damaged.push((table, key.to_vec()));
            }
        }
        for (scope, counter, step) in overlay.counted() {
            self.counters()?.add(*scope, *counter, *step)?;
        }
        for (tenant, end) in overlay.ended() {
            match end {
                End::Retired => self.counters()?.leave_totals(*tenant)?,
                End::Erased => self.counters()?.remove_of(*tenant)?,
            }
        }
        for logged in overlay.logged() {
            let next = self.changes()?.next_seq();
            let previous = match changes::chain(logged.scope.tenant(), logged.about) {
                Some((tenant, newest)) => self.counters()?.note_change(tenant, newest, next)?,
                None => 0,
            };
            self.changes()?.append(logged, stamp, previous)?;
        }
        self.has_written |= !overlay.is_empty();
        Ok(())
    }

    /// Has the group committed: something was written that is not a rule's.
    pub fn wrote(&mut self) {
        self.has_written = true;
    }

    /// The same: the change log begins at a later entry.
    pub fn begins_at(&mut self, first: u64) {
        self.rewritten.first_change = Some(first);
        self.wrote();
    }

    /// Writes what was held back for the end of the group. Returns whether anything was written at all, and what was
    /// rewritten.
    pub fn finish(mut self) -> StoreResult<(bool, Rewritten)> {
        if let Some(counters) = self.counters.get_mut() {
            counters.flush()?;
        }
        Ok((self.has_written, self.rewritten))
    }

    fn watch(&self) -> Watch<'_> {
        Watch { budget: None, is_inside: Some(&self.is_inside) }
    }
}

impl Source for Tables<'_> {
    fn get(&self, table: Table, key: &[u8], show: &mut dyn FnMut(&[u8])) -> StoreResult<bool> {
        named!(self.opened, table, rows => rows::get(rows, key, self.watch(), show))
    }

    fn range(&self, table: Table, span: &Span) -> StoreResult<Box<dyn Cursor + '_>> {
        named!(self.opened, table, rows => rows::range(rows, span, self.watch()))
    }

    fn count(&self, scope: [u8; 16], counter: Counter) -> StoreResult<u64> {
        self.watch().inside(|| self.counters_now()?.value_of(scope, counter))
    }

    fn met_damage(&self, damage: &Damage) {
        self.damages.note(damage);
    }
}

fn not_open() -> StoreError {
    StoreError::Internal("a table that was opened is not open".to_owned())
}

/// Writes a row, or removes it.
fn write<K: Key + 'static, V: Value + 'static>(
    table: &mut redb::Table<'_, K, V>,
    key: &[u8],
    row: Option<&[u8]>,
) -> StoreResult<()> {
    let key = K::from_bytes(key);
    match row {
        Some(row) => drop(table.insert(key, V::from_bytes(row))?),
        None => drop(table.remove(key)?),
    }
    Ok(())
}
