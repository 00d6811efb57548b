//! What reads see: the last commit.
//!
//! The writer publishes a snapshot after every commit and before it answers, so a read that begins after an answer sees
//! that write, and costs no transaction. A snapshot that is held keeps the pages it sees from being reused, so nobody
//! keeps one for longer than a read.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use redb::{Database, ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTableMetadata as _, TableHandle};
use tokio::sync::watch;

use super::budget::Budget;
use super::remembered::Remembered;
use super::rows::{self, Watch};
use super::tables::{self, named};
use crate::store::engine::{Counter, Cursor, Section, Source, Span, Table, TableStats, Whole};
use crate::store::{CacheFigures, Damage, Damages, Observer, StoreError, StoreResult};

type ReadTable<const N: usize> = ReadOnlyTable<&'static [u8; N], &'static [u8]>;

/// The tables that are read, as of one commit. Each is opened when it is first asked for: most commits are seen by reads of
/// a few tables, or of none.
macro_rules! snapshot {
    ($($name:ident: $definition:ident, $table:ty;)+) => {
        /// The tables as of one commit.
        pub(super) struct Snapshot {
            txn: ReadTransaction,
            damages: Arc<Damages>,
            $($name: OnceLock<$table>,)+
        }

        impl Snapshot {
            /// The last commit.
            pub fn open(database: &Database) -> StoreResult<Self> {
                Self::reporting(database, Arc::default())
            }

            /// The last commit, which notes the rows that are met in it and can't be read.
            pub fn reporting(database: &Database, damages: Arc<Damages>) -> StoreResult<Self> {
                Ok(Self { txn: database.begin_read()?, damages, $($name: OnceLock::new(),)+ })
            }

            $(
                #[doc = concat!("See [`tables::", stringify!($definition), "`].")]
                pub fn $name(&self) -> StoreResult<&$table> {
                    if let Some(table) = self.$name.get() {
                        return Ok(table);
                    }
                    // Another thread that opens it at the same time sees the same.
                    let table = self.txn.open_table(tables::$definition)?;
                    Ok(self.$name.get_or_init(|| table))
                }
            )+
        }
    };
}

snapshot! {
    users: USERS, ReadTable<16>;
    users_by_email: USERS_BY_EMAIL, ReadOnlyTable<&'static str, &'static [u8; 16]>;
    one_time_tokens: ONE_TIME_TOKENS, ReadTable<17>;
    sessions: SESSIONS, ReadTable<32>;
    spent_tokens: SPENT_TOKENS, ReadTable<32>;
    refresh_salts: REFRESH_SALTS, ReadTable<32>;
    workspaces: WORKSPACES, ReadTable<16>;
    workspaces_by_slug: WORKSPACES_BY_SLUG, ReadOnlyTable<&'static str, &'static [u8; 16]>;
    members: MEMBERS, ReadTable<32>;
    memberships_by_user: MEMBERSHIPS_BY_USER, ReadOnlyTable<&'static [u8; 32], ()>;
    workspaces_deleted: WORKSPACES_DELETED, ReadOnlyTable<&'static [u8; 16], ()>;
    invitations: INVITATIONS, ReadTable<32>;
    api_keys: API_KEYS, ReadTable<32>;
    api_key_uses: API_KEY_USES, ReadTable<32>;
    artifacts: ARTIFACTS, ReadTable<32>;
    artifacts_trash: ARTIFACTS_TRASH, ReadTable<32>;
    artifacts_by_creation: ARTIFACTS_BY_CREATION, ReadOnlyTable<&'static [u8; 41], ()>;
    artifact_versions: ARTIFACT_VERSIONS, ReadTable<40>;
    answers: ANSWERS, ReadTable<48>;
    answers_by_expiry: ANSWERS_BY_EXPIRY, ReadOnlyTable<&'static [u8; 56], ()>;
    counters: COUNTERS, ReadOnlyTable<&'static [u8; 17], u64>;
    changes: CHANGES, ReadOnlyTable<u64, &'static [u8]>;
    facts: META, ReadOnlyTable<&'static str, &'static [u8]>;
}

impl Snapshot {
    /// The names of the tables that there are: a database of an earlier version lacks some.
    pub fn tables(&self) -> StoreResult<Vec<String>> {
        Ok(self.txn.list_tables()?.map(|table| table.name().to_owned()).collect())
    }

    /// What rules read from, for as long as they may.
    pub fn within<'a>(&'a self, budget: &'a Budget) -> Reader<'a> {
        Reader { snapshot: self, watch: Watch { budget: Some(budget), is_inside: None } }
    }

    /// What rules read from.
    pub fn reader(&self) -> Reader<'_> {
        Reader { snapshot: self, watch: Watch::default() }
    }
}

/// For as long as it takes.
impl Source for Snapshot {
    fn get(&self, table: Table, key: &[u8], show: &mut dyn FnMut(&[u8])) -> StoreResult<bool> {
        self.reader().get(table, key, show)
    }

    fn range(&self, table: Table, span: &Span) -> StoreResult<Box<dyn Cursor + '_>> {
        named!(self, table, rows => rows::range(rows, span, Watch::default()))
    }

    fn count(&self, scope: [u8; 16], counter: Counter) -> StoreResult<u64> {
        self.reader().count(scope, counter)
    }

    fn met_damage(&self, damage: &Damage) {
        self.damages.note(damage);
    }
}

impl Whole for Snapshot {
    fn section(&self, section: Section, span: &Span) -> StoreResult<Box<dyn Cursor + '_>> {
        match section {
            Section::Rows(table) => self.range(table, span),
            Section::Counters => rows::range(self.counters()?, span, Watch::default()),
            Section::Changes => rows::range(self.changes()?, span, Watch::default()),
            Section::Facts => rows::range(self.facts()?, span, Watch::default()),
        }
    }

    fn rows_in_all(&self) -> Option<u64> {
        let tables = self.txn.list_tables().ok()?;
        let rows = tables.map(|handle| self.txn.open_untyped_table(handle).ok()?.len().ok());
        rows.sum()
    }

    /// By the pages that they are in: those of the tables that there are.
    fn sizes(&self) -> StoreResult<Vec<TableStats>> {
        let mut sizes = Vec::new();
        for handle in self.txn.list_tables()? {
            let (name, table) = (handle.name().to_owned(), self.txn.open_untyped_table(handle)?);
            let pages = table.stats()?;
            let bytes = pages.stored_bytes() + pages.metadata_bytes() + pages.fragmented_bytes();
            sizes.push(TableStats { name, rows: table.len()?, bytes });
        }
        Ok(sizes)
    }
}

/// A snapshot that is read.
pub(super) struct Reader<'a> {
    snapshot: &'a Snapshot,
    watch: Watch<'a>,
}

impl Source for Reader<'_> {
    fn get(&self, table: Table, key: &[u8], show: &mut dyn FnMut(&[u8])) -> StoreResult<bool> {
        named!(self.snapshot, table, rows => rows::get(rows, key, self.watch, show))
    }

    fn range(&self, table: Table, span: &Span) -> StoreResult<Box<dyn Cursor + '_>> {
        named!(self.snapshot, table, rows => rows::range(rows, span, self.watch))
    }

    fn count(&self, scope: [u8; 16], counter: Counter) -> StoreResult<u64> {
        Ok(self.snapshot.counters()?.get(&counter.of(scope))?.map_or(0, |row| row.value()))
    }

    fn met_damage(&self, damage: &Damage) {
        self.snapshot.met_damage(damage);
    }
}

/// What the writer lets everyone else know.
#[derive(Default)]
pub(super) struct Published {
    /// The last commit; none while it can't be read, and once the database is closed.
    pub snapshot: ArcSwapOption<Snapshot>,
    /// Why writes fail, from a failed commit until one works again.
    pub broken: ArcSwapOption<StoreError>,
    /// Rows that are not read again until they are rewritten.
    pub remembered: Remembered,
    /// Rows that can't be read.
    pub damages: Arc<Damages>,
    /// When the writer last came round: answered a group, for better or worse.
    pub round: watch::Sender<Option<Instant>>,
    /// Whether the writer is at work.
    pub writing: AtomicBool,
    /// What the cache of pages did, as of the last round.
    pub cache: ArcSwapOption<CacheFigures>,
    /// Snapshots that were still read when the next one came, and since when they are past.
    past: Mutex<Vec<(Weak<Snapshot>, Instant)>>,
}

impl Published {
    /// Nothing yet. `observer` is informed of rows that can't be read.
    pub fn new(observer: Arc<dyn Observer>) -> Self {
        Self { damages: Arc::new(Damages::new(observer)), ..Self::default() }
    }

    /// Lets reads see `snapshot` from now on.
    pub fn publish(&self, snapshot: Snapshot) {
        let before = self.snapshot.swap(Some(Arc::new(snapshot)));
        if let Some(before) = before
            && Arc::strong_count(&before) > 1
        {
            let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
            past.retain(|(snapshot, _)| snapshot.strong_count() > 0);
            past.push((Arc::downgrade(&before), Instant::now()));
        }
    }

    /// How many reads are in progress, and for how long the oldest snapshot that is still read has been past.
    pub fn held(&self) -> (usize, Duration) {
        // Two are its own: the one published, and the one at hand.
        let current = self.snapshot.load_full().map_or(0, |current| Arc::strong_count(&current).saturating_sub(2));
        let past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        let held = past.iter().filter(|(snapshot, _)| snapshot.strong_count() > 0);
        let oldest = held.clone().map(|(_, since)| since.elapsed()).max().unwrap_or_default();
        (current + held.map(|(snapshot, _)| snapshot.strong_count()).sum::<usize>(), oldest)
    }
}
