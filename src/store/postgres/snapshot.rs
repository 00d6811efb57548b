//! All of a database as of one commit, read row after row by those who may wait.

use std::sync::{Arc, Mutex, PoisonError};

use super::ahead::Ahead;
use super::connect::{Connection, failed};
use super::io::Io;
use super::layout::Stretch;
use super::load::{list, unknown};
use super::{Address, layout};
use crate::store::engine::{Counter, Cursor, Section, Source, Span, Table, TableStats, Whole, WholeRow, number};
use crate::store::{Damage, Damages, StoreError, StoreResult};

/// How many rows are fetched at once.
pub(super) const PAGE: usize = 1000;
/// How many connections are kept for the next snapshots.
const KEPT: usize = 2;

/// Where snapshots come from.
pub(super) struct Snapshots {
    pub io: Arc<Io>,
    address: Arc<Address>,
    idle: Arc<Mutex<Vec<Arc<Connection>>>>,
    damages: Arc<Damages>,
}

impl Snapshots {
    /// Those of the database at an address.
    pub fn of(address: Arc<Address>, damages: Arc<Damages>) -> StoreResult<Self> {
        Ok(Self { io: Arc::new(Io::start()?), address, idle: Arc::default(), damages })
    }

    /// Refuses a database in which nobody has made the tables. Blocks.
    pub fn require_tables(&self) -> StoreResult<()> {
        let address = self.address.clone();
        let are_there = self.io.wait(async move { Connection::for_all(&address).await?.has_tables().await })?;
        let none = || {
            StoreError::unavailable("there is no ghostworks in it yet: the first start of a server makes its tables")
        };
        if are_there { Ok(()) } else { Err(none()) }
    }

    /// The database as of now. Blocks.
    pub fn take(&self) -> StoreResult<Snapshot> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let address = self.address.clone();
        let connection = self.io.wait(async move {
            let connection = match idle.filter(|connection| !connection.client.is_closed()) {
                Some(connection) => connection,
                None => Arc::new(Connection::for_all(&address).await?),
            };
            let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT FROM ghostworks_head";
            connection.client.batch_execute(begin).await.map_err(failed)?;
            Ok(connection)
        })?;
        Ok(Snapshot {
            io: self.io.clone(),
            connection,
            idle: self.idle.clone(),
            damages: self.damages.clone(),
            ahead: Ahead::default(),
        })
    }
}

/// A database as of one commit.
pub(super) struct Snapshot {
    io: Arc<Io>,
    connection: Arc<Connection>,
    idle: Arc<Mutex<Vec<Arc<Connection>>>>,
    damages: Arc<Damages>,
    ahead: Ahead,
}

impl Snapshot {
    fn rows(&self, stretch: &Stretch, limit: usize) -> StoreResult<Vec<WholeRow>> {
        let (connection, stretch) = (self.connection.clone(), stretch.clone());
        self.io.wait(async move { list(&connection.client, &stretch, limit).await.map_err(failed) })
    }

    fn stretch(&self, section: Section, span: &Span) -> Box<dyn Cursor + '_> {
        Box::new(Pages::new(Stretch::of(section, span), Box::new(|stretch| self.rows(stretch, PAGE))))
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        let (connection, idle) = (self.connection.clone(), self.idle.clone());
        self.io.spawn(async move {
            if connection.client.batch_execute("ROLLBACK").await.is_ok() {
                let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
                if idle.len() < KEPT {
                    idle.push(connection);
                }
            }
        });
    }
}

impl Source for Snapshot {
    fn get(&self, table: Table, key: &[u8], show: &mut dyn FnMut(&[u8])) -> StoreResult<bool> {
        let row = self.row_of(Section::Rows(table), key)?;
        row.iter().for_each(|row| show(row));
        Ok(row.is_some())
    }

    fn range(&self, table: Table, span: &Span) -> StoreResult<Box<dyn Cursor + '_>> {
        Ok(self.stretch(Section::Rows(table), span))
    }

    fn count(&self, scope: [u8; 16], counter: Counter) -> StoreResult<u64> {
        Ok(self.row_of(Section::Counters, &counter.of(scope))?.map_or(0, |row| number(&row)))
    }

    fn met_damage(&self, damage: &Damage) {
        self.damages.note(damage);
    }
}

impl Whole for Snapshot {
    fn section(&self, section: Section, span: &Span) -> StoreResult<Box<dyn Cursor + '_>> {
        Ok(self.stretch(section, span))
    }

    fn rows_in_all(&self) -> Option<u64> {
        let connection = self.connection.clone();
        let query = "SELECT sum(greatest(reltuples, 0))::bigint FROM pg_class \
                     WHERE oid IN ('ghostworks_rows'::regclass, 'ghostworks_changes'::regclass)";
        let counted = self.io.wait(async move {
            let row = connection.client.query_typed(query, &[]).await.map_err(failed)?;
            Ok(row.first().and_then(|row| row.try_get::<_, i64>(0).ok()))
        });
        counted.ok().flatten().and_then(|rows| u64::try_from(rows).ok())
    }

    fn unknown(&self) -> StoreResult<Vec<(String, u64)>> {
        let connection = self.connection.clone();
        self.io.wait(async move { unknown(&connection.client).await.map_err(failed) })
    }

    fn sizes(&self) -> StoreResult<Vec<TableStats>> {
        let connection = self.connection.clone();
        self.io.wait(async move {
            let rows =
                "SELECT section, count(*), sum(length(key) + length(value))::bigint FROM ghostworks_rows GROUP BY 1";
            let changes =
                "SELECT 0::smallint, count(*), coalesce(sum(8 + length(value)), 0)::bigint FROM ghostworks_changes";
            let mut sizes = Vec::new();
            for query in [rows, changes] {
                for row in connection.client.query_typed(query, &[]).await.map_err(failed)? {
                    let (number, rows, bytes): (i16, i64, i64) = (row.get(0), row.get(1), row.get(2));
                    let section = layout::section_of(number).unwrap_or(Section::Changes);
                    let count = |count: i64| u64::try_from(count).unwrap_or_default();
                    sizes.push(TableStats { name: section.name().to_owned(), rows: count(rows), bytes: count(bytes) });
                }
            }
            Ok(sizes)
        })
    }

    fn row_of(&self, section: Section, key: &[u8]) -> StoreResult<Option<Vec<u8>>> {
        self.ahead.row(section, key, |stretch, limit| self.rows(stretch, limit))
    }
}

/// What fetches the next rows of a stretch.
type Fetch<'a> = Box<dyn Fn(&Stretch) -> StoreResult<Vec<WholeRow>> + 'a>;

/// Goes over rows that are fetched some at a time.
pub(super) struct Pages<'a> {
    fetch: Fetch<'a>,
    rows: Vec<WholeRow>,
    next: usize,
    /// What was not fetched yet.
    rest: Option<Stretch>,
}

impl<'a> Pages<'a> {
    /// The rows of a stretch, as they are fetched, [`PAGE`] at most.
    pub fn new(stretch: Stretch, fetch: Fetch<'a>) -> Self {
        Self { fetch, rows: Vec::new(), next: 0, rest: Some(stretch) }
    }

    fn at(&self) -> (&[u8], &[u8]) {
        let row = self.next.checked_sub(1).and_then(|at| self.rows.get(at));
        row.map_or((&[], &[]), |(key, value)| (key, value))
    }
}

impl Cursor for Pages<'_> {
    fn advance(&mut self) -> StoreResult<bool> {
        if self.next == self.rows.len() {
            let Some(rest) = self.rest.take() else { return Ok(false) };
            self.rows = (self.fetch)(&rest)?;
            self.next = 0;
            let last = self.rows.last().filter(|_| self.rows.len() == PAGE);
            self.rest = last.map(|(key, _)| rest.after(key));
        }
        let is_there = self.next < self.rows.len();
        self.next += usize::from(is_there);
        Ok(is_there)
    }

    fn key(&self) -> &[u8] {
        self.at().0
    }

    fn value(&self) -> &[u8] {
        self.at().1
    }
}
