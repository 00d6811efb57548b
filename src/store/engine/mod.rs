//! What a rule sees of a database, and what a database does for rules.
//!
//! A rule (`store/rules`) is a plain function over a [`Tx`]: it reads, decides, and writes into an [`Overlay`] that the
//! engine applies only when the rule succeeded, so a refusal leaves nothing. It can be run again: an engine that has not
//! loaded what a rule reads, or meets a conflict, does so. How rows are found, kept and made durable is the engine's business.
//!
//! Tables have rows of bytes under keys of bytes, each of which begins with its scope: the tenant or the user that it
//! belongs to.

mod cursor;
mod keys;
mod overlay;
mod rows;
mod tables;
mod tx;
mod whole;

use std::future::Future;
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::{Damage, StoreResult};
use crate::domain::{ChangeKind, LogPosition, Membership, Quotas, Session, Stamp, TenantId, Timestamp, UserId};

pub use super::records::Entry;
pub(in crate::store) use cursor::Merged;
pub use cursor::{Cursor, Span};
pub use keys::{creation_in, creation_key, expiry_key, pair, second_of, swapped};
pub use overlay::{End, Overlay, Written};
pub use rows::RowCount;
pub use tables::{Counter, Table, WHOLE};
pub use tx::Tx;
pub use whole::{Rebuild, Section, TableStats, Whole, WholeRow, number};

/// What a rule reads from. An error is the engine's: the rule passes it on and does nothing more.
pub trait Source {
    /// Shows the row under `key`, if there is one, and returns whether there is.
    fn get(&self, table: Table, key: &[u8], show: &mut dyn FnMut(&[u8])) -> StoreResult<bool>;

    /// The rows of a span, in the order of their keys.
    fn range(&self, table: Table, span: &Span) -> StoreResult<Box<dyn Cursor + '_>>;

    /// How many there are of something in a scope: see [`Counter`].
    fn count(&self, scope: [u8; 16], counter: Counter) -> StoreResult<u64>;

    /// Says that a row was met that can't be read, whether or not it is passed over.
    fn met_damage(&self, _damage: &Damage) {}

    /// Says that these rows are read next. An engine that is far away loads all of them in one trip.
    fn expect(&self, _rows: &mut dyn Iterator<Item = (Table, Vec<u8>)>) -> StoreResult<()> {
        Ok(())
    }
}

/// What a call is to those who watch it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// What is done: `get`, `list`, `insert`, `update`, `delete`.
    pub operation: &'static str,
    /// What it is about, mostly a table.
    pub collection: &'static str,
}

impl Name {
    /// Such a name.
    pub const fn new(operation: &'static str, collection: &'static str) -> Self {
        Self { operation, collection }
    }
}

/// A database that runs rules.
pub trait Engine: Send + Sync {
    /// The most that every workspace may have.
    fn quotas(&self) -> Quotas;

    /// Carries out a rule, all or nothing, and returns when what it wrote is on disk. A rule that is refused, panics, or
    /// meets a row that can't be read fails alone.
    fn write<T: Send + 'static>(
        &self,
        name: Name,
        stamp: Stamp,
        rule: impl Fn(&mut Tx<'_>) -> StoreResult<T> + Send + 'static,
    ) -> impl Future<Output = StoreResult<T>> + Send;

    /// A read of few rows.
    fn read<T: RowCount + Send>(
        &self,
        name: Name,
        rule: impl Fn(&dyn Source) -> StoreResult<T> + Send,
    ) -> impl Future<Output = StoreResult<T>> + Send;

    /// A read of many rows, which is [`super::StoreError::Overloaded`] when it takes too long.
    fn scan<T: RowCount + Send + 'static>(
        &self,
        name: Name,
        rule: impl Fn(&dyn Source) -> StoreResult<T> + Send + 'static,
    ) -> impl Future<Output = StoreResult<T>> + Send;

    /// A read of few rows as a rule, and of many if it `is_long`.
    fn list<T: RowCount + Send + 'static>(
        &self,
        name: Name,
        is_long: impl Fn(&dyn Source) -> StoreResult<bool> + Send,
        rule: impl Fn(&dyn Source) -> StoreResult<T> + Send + 'static,
    ) -> impl Future<Output = StoreResult<T>> + Send;

    /// A session, which nearly every request asks for: an engine may remember it until its row is written.
    fn session(
        &self,
        _key: [u8; 32],
        name: Name,
        rule: impl Fn(&dyn Source) -> StoreResult<Option<Session>> + Send,
    ) -> impl Future<Output = StoreResult<Option<Session>>> + Send {
        self.read(name, rule)
    }

    /// A membership, in the same way: until its row or that of its workspace is written.
    fn membership(
        &self,
        _key: [u8; 32],
        name: Name,
        rule: impl Fn(&dyn Source) -> StoreResult<Option<Membership>> + Send,
    ) -> impl Future<Output = StoreResult<Option<Membership>>> + Send {
        self.read(name, rule)
    }

    /// The database as of the last commit, as a whole. While it is held, what other writes replace takes up room as well.
    fn whole(&self) -> StoreResult<Arc<dyn Whole + Send + Sync>>;

    /// The size of its file, in bytes; 0 where there is none.
    fn file_bytes(&self) -> u64 {
        0
    }

    /// Held by the one backup that is being made.
    fn backups(&self) -> &Arc<Semaphore>;

    /// Held by the one look at everything that is being taken: each keeps pages from being used again.
    fn inspections(&self) -> &Arc<Semaphore>;

    /// See [`super::Deletions::scrub_changes`].
    fn scrub_changes(
        &self,
        people: Vec<UserId>,
        after: LogPosition,
        limit: usize,
    ) -> impl Future<Output = StoreResult<Option<LogPosition>>> + Send;

    /// See [`super::Housekeeping::trim_changes`].
    fn trim_changes(&self, before: Timestamp, limit: usize) -> impl Future<Output = StoreResult<bool>> + Send;
}

/// Where something belongs. What an intent writes should belong to as few as possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// To an account.
    User(UserId),
    /// To a workspace.
    Tenant(TenantId),
}

impl Scope {
    /// The workspace, if it is one.
    pub fn tenant(self) -> Option<TenantId> {
        match self {
            Self::Tenant(tenant) => Some(tenant),
            Self::User(_) => None,
        }
    }
}

/// The chain that an entry of the change log is in, if it is in one: of what happened in a workspace, or else is about one.
/// It is counted which the newest entry of each chain is.
pub fn chain(tenant: Option<TenantId>, about: Option<TenantId>) -> Option<(TenantId, Counter)> {
    let own = tenant.map(|tenant| (tenant, Counter::NewestChange));
    own.or(about.map(|about| (about, Counter::NewestAbout)))
}

/// An entry of the change log before the engine numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Whose log it is in.
    pub scope: Scope,
    /// The workspace that it is about, if it is in another log.
    pub about: Option<TenantId>,
    /// What was done.
    pub kind: ChangeKind,
}
