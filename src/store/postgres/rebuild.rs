//! A database that is made, brought up to a later schema, or set right as a whole, in one transaction.

use std::cell::RefCell;
use std::sync::Arc;

use tokio_postgres::types::Type;

use super::ahead::Ahead;
use super::connect::{Connection, failed};
use super::io::Io;
use super::layout::{HAS_ROWS, LOCK_HEAD, RAISE_HEAD, Stretch, number_of};
use super::load::{list, unknown};
use super::rows::{LogRow, Written, write};
use super::snapshot::{PAGE, Pages};
use crate::store::engine::{Counter, Cursor, Rebuild, Section, Source, Span, Table, Whole, WholeRow, number};
use crate::store::{StoreError, StoreResult};

/// How many rows are written at once, and how many bytes.
const ROWS: usize = 2000;
const BYTES: usize = 4 << 20;

/// Such a database. Nothing of it is seen by others before the commit, and nothing stays without one.
pub(super) struct Rebuilding {
    io: Arc<Io>,
    connection: Arc<Connection>,
    held: RefCell<Held>,
    ahead: Ahead,
}

/// What is still to be written.
#[derive(Default)]
struct Held {
    written: Written,
    log: Vec<LogRow>,
    bytes: usize,
}

impl Rebuilding {
    /// Begins a transaction that holds the head. Blocks.
    pub fn begin(io: Arc<Io>, connection: Connection) -> StoreResult<Self> {
        let connection = Arc::new(connection);
        let begun = connection.clone();
        io.wait(async move { begun.client.batch_execute(&format!("BEGIN; {LOCK_HEAD}")).await.map_err(failed) })?;
        Ok(Self { io, connection, held: RefCell::default(), ahead: Ahead::default() })
    }

    /// Makes all of it last. Blocks.
    pub fn commit(self) -> StoreResult<()> {
        self.flush()?;
        let connection = self.connection.clone();
        self.io.wait(async move {
            connection.client.batch_execute(RAISE_HEAD).await.map_err(failed)?;
            connection.client.batch_execute("COMMIT").await.map_err(failed)
        })
    }

    /// Carries a statement out.
    pub fn execute(&self, statement: &'static str) -> StoreResult<()> {
        let connection = self.connection.clone();
        self.io.wait(async move { connection.client.batch_execute(statement).await.map_err(failed) })
    }

    /// Whether there is any row.
    pub fn has_rows(&self) -> StoreResult<bool> {
        self.flush()?;
        let connection = self.connection.clone();
        self.io.wait(async move {
            let found = connection.client.query_typed(HAS_ROWS, &[]).await.map_err(failed)?;
            found.first().map_or(Ok(false), |row| row.try_get(0)).map_err(failed)
        })
    }

    /// Writes what is held, so that reads see it.
    fn flush(&self) -> StoreResult<()> {
        let Held { written, log, .. } = self.held.take();
        if written.is_empty() && log.is_empty() {
            return Ok(());
        }
        let connection = self.connection.clone();
        self.io.wait(async move { write(&connection.client, &written, &log).await.map_err(failed) })
    }

    fn rows(&self, stretch: &Stretch, limit: usize) -> StoreResult<Vec<WholeRow>> {
        let (connection, stretch) = (self.connection.clone(), stretch.clone());
        self.io.wait(async move { list(&connection.client, &stretch, limit).await.map_err(failed) })
    }
}

impl Source for Rebuilding {
    fn get(&self, table: Table, key: &[u8], show: &mut dyn FnMut(&[u8])) -> StoreResult<bool> {
        let row = self.row_of(Section::Rows(table), key)?;
        row.iter().for_each(|row| show(row));
        Ok(row.is_some())
    }

    fn range(&self, table: Table, span: &Span) -> StoreResult<Box<dyn Cursor + '_>> {
        self.section(Section::Rows(table), span)
    }

    fn count(&self, scope: [u8; 16], counter: Counter) -> StoreResult<u64> {
        Ok(self.row_of(Section::Counters, &counter.of(scope))?.map_or(0, |row| number(&row)))
    }
}

impl Whole for Rebuilding {
    fn unknown(&self) -> StoreResult<Vec<(String, u64)>> {
        self.flush()?;
        let connection = self.connection.clone();
        self.io.wait(async move { unknown(&connection.client).await.map_err(failed) })
    }

    fn section(&self, section: Section, span: &Span) -> StoreResult<Box<dyn Cursor + '_>> {
        self.flush()?;
        Ok(Box::new(Pages::new(Stretch::of(section, span), Box::new(|stretch| self.rows(stretch, PAGE)))))
    }

    fn row_of(&self, section: Section, key: &[u8]) -> StoreResult<Option<Vec<u8>>> {
        let held = self.held.borrow().written.get(&(section, key.to_vec())).cloned();
        if let Some(row) = held {
            return Ok(row);
        }
        // What is held of other rows may lie between those that come along.
        self.flush()?;
        self.ahead.row(section, key, |stretch, limit| self.rows(stretch, limit))
    }
}

impl Rebuild for Rebuilding {
    fn put(&mut self, section: Section, key: &[u8], row: &[u8]) -> StoreResult<()> {
        if !section.fits(key, row) {
            return Err(StoreError::unavailable(format!("a row does not fit {}", section.name())));
        }
        self.ahead.forget();
        let held = self.held.get_mut();
        held.bytes += key.len() + row.len();
        if section == Section::Changes {
            let n = number(key);
            held.log.retain(|known| u64::try_from(known.n) != Ok(n));
            held.log.push(LogRow::stored(n, row));
        } else {
            held.written.insert((section, key.to_vec()), Some(row.to_vec()));
        }
        let is_full = held.written.len() + held.log.len() >= ROWS || held.bytes >= BYTES;
        if is_full { self.flush() } else { Ok(()) }
    }

    fn remove(&mut self, section: Section, span: &Span) -> StoreResult<()> {
        self.flush()?;
        self.ahead.forget();
        let (connection, stretch) = (self.connection.clone(), Stretch::of(section, span));
        self.io.wait(async move {
            let (from, to) = stretch.numbers();
            let number = number_of(section);
            let removed = if section == Section::Changes {
                let query = "DELETE FROM ghostworks_changes WHERE n >= $1 AND n < $2";
                connection.client.query_typed(query, &[(&from, Type::INT8), (&to, Type::INT8)]).await
            } else {
                let query = "DELETE FROM ghostworks_rows \
                             WHERE section = $1 AND key >= $2 AND ($3::bytea IS NULL OR key < $3)";
                let bounds: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 3] =
                    [(&number, Type::INT2), (&stretch.from, Type::BYTEA), (&stretch.to, Type::BYTEA)];
                connection.client.query_typed(query, &bounds).await
            };
            removed.map(drop).map_err(failed)
        })
    }
}
