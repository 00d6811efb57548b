//! The tables of a group of writes: each opened when it is first needed, and how a rule is run on them.

use std::cell::{Cell, OnceCell};
use std::mem::take;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use redb::WriteTransaction;

use super::change_log::ChangeLog;
use super::counters::Counters;
use super::remembered::Rewritten;
use super::rows::{self, Watch};
use super::tables::{
    ANSWERS, ANSWERS_BY_EXPIRY, API_KEY_USES, API_KEYS, ARTIFACT_VERSIONS, ARTIFACTS, ARTIFACTS_BY_CREATION,
    ARTIFACTS_TRASH, CHANGES, COUNTERS, INVITATIONS, MEMBERS, MEMBERSHIPS_BY_USER, ONE_TIME_TOKENS, REFRESH_SALTS,
    SESSIONS, SPENT_TOKENS, USERS, USERS_BY_EMAIL, WORKSPACES, WORKSPACES_BY_SLUG, WORKSPACES_DELETED, named,
};
use crate::domain::Stamp;
use crate::store::engine::{Counter, Cursor, End, Overlay, Source, Span, Table, Tx, chain};
use crate::store::{Damage, Damages, StoreError, StoreResult};

type WriteTable<'txn, const N: usize> = redb::Table<'txn, &'static [u8; N], &'static [u8]>;
type Index<'txn> = redb::Table<'txn, &'static str, &'static [u8; 16]>;
type Set<'txn, const N: usize> = redb::Table<'txn, &'static [u8; N], ()>;

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

            /// Opens all, so that they are there.
            pub fn open_all(&mut self) -> StoreResult<()> {
                $(self.$name()?;)+
                Ok(())
            }
        }
    };
}

opened! {
    users: USERS, WriteTable<'txn, 16>;
    users_by_email: USERS_BY_EMAIL, Index<'txn>;
    one_time_tokens: ONE_TIME_TOKENS, WriteTable<'txn, 17>;
    sessions: SESSIONS, WriteTable<'txn, 32>;
    spent_tokens: SPENT_TOKENS, WriteTable<'txn, 32>;
    refresh_salts: REFRESH_SALTS, WriteTable<'txn, 32>;
    workspaces: WORKSPACES, WriteTable<'txn, 16>;
    workspaces_by_slug: WORKSPACES_BY_SLUG, Index<'txn>;
    workspaces_deleted: WORKSPACES_DELETED, Set<'txn, 16>;
    members: MEMBERS, WriteTable<'txn, 32>;
    memberships_by_user: MEMBERSHIPS_BY_USER, Set<'txn, 32>;
    invitations: INVITATIONS, WriteTable<'txn, 32>;
    api_keys: API_KEYS, WriteTable<'txn, 32>;
    api_key_uses: API_KEY_USES, WriteTable<'txn, 32>;
    artifacts: ARTIFACTS, WriteTable<'txn, 32>;
    artifacts_trash: ARTIFACTS_TRASH, WriteTable<'txn, 32>;
    artifacts_by_creation: ARTIFACTS_BY_CREATION, Set<'txn, 41>;
    artifact_versions: ARTIFACT_VERSIONS, WriteTable<'txn, 40>;
    answers: ANSWERS, WriteTable<'txn, 48>;
    answers_by_expiry: ANSWERS_BY_EXPIRY, Set<'txn, 56>;
}

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

    /// Lets go of all that are open, to be opened again when they are needed.
    pub fn let_go(&mut self) {
        self.opened = Opened::of(self.opened.txn);
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
            Err(_) => Ok((Err(StoreError::internal("a write panicked")), 0)),
        };
        self.overlay = overlay;
        outcome
    }

    /// Writes what a rule wrote, and whatever follows from it.
    fn apply(&mut self, overlay: &Overlay, stamp: &Stamp) -> StoreResult<()> {
        for (table, key, row) in overlay.writes() {
            named!(self, table, rows => rows::write(rows, key, row)?);
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
            let previous = match chain(logged.scope.tenant(), logged.about) {
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
    StoreError::internal("a table that was opened is not open")
}
