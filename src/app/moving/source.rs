//! The database of the older service, as of one moment: nothing is written there.

use tokio::task::JoinHandle;
use tokio_postgres::{Client, SimpleQueryMessage, SimpleQueryRow};

use super::MovingError;
use super::schema::{COLUMNS, Known, Table};
use crate::store::postgres::{Address, ConnectError};
use crate::telemetry::with_causes;

/// How many rows are read at once.
pub(super) const AT_ONCE: usize = 500;

/// One moment, for however long it takes to read.
const BEGIN: &str = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; \
     BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Such a database.
pub(super) struct Source {
    client: Client,
    connection: JoinHandle<()>,
    known: Known,
    /// What it is called in messages.
    name: String,
}

/// A row, every value of which is text.
pub(super) struct Row(SimpleQueryRow);

impl Row {
    /// A value; none where there is no such column.
    pub fn get(&self, column: &str) -> Option<&str> {
        self.0.try_get(column).ok().flatten()
    }

    /// A value that is never null.
    pub fn text(&self, column: &str) -> &str {
        self.get(column).unwrap_or_default()
    }
}

impl Source {
    /// Connects, and sees which columns there are.
    pub async fn open(address: &Address) -> Result<Self, MovingError> {
        let name = address.to_string();
        let (client, connection) = address.connect().await.map_err(|error| match error {
            ConnectError::Address(error) => MovingError::Address(error),
            ConnectError::Database(_) | ConnectError::Silent => {
                MovingError::Unreachable { database: name.clone(), cause: error.to_string() }
            }
        })?;
        let connection = tokio::spawn(async move {
            // What it ends with, the next question is answered with as well.
            let _ = connection.await;
        });
        let mut source = Self { client, connection, known: Known::new(), name };
        source.run(BEGIN).await?;
        for row in source.rows(COLUMNS).await? {
            let column = (row.text("table_name").to_owned(), row.text("column_name").to_owned());
            source.known.insert(column, row.text("data_type").to_owned());
        }
        let lacking = Table::ALL.into_iter().find_map(|table| Some((table.name(), table.lacks(&source.known)?)));
        match lacking {
            Some((table, column)) => Err(MovingError::NoColumn { database: source.name.clone(), table, column }),
            None => Ok(source),
        }
    }

    /// How many rows a table has.
    pub async fn count(&self, table: Table) -> Result<u64, MovingError> {
        let rows = self.rows(&format!("SELECT count(*)::text AS count FROM {}", table.name())).await?;
        Ok(rows.first().and_then(|row| row.text("count").parse().ok()).unwrap_or_default())
    }

    /// Begins to read a table.
    pub async fn begin(&self, table: Table) -> Result<(), MovingError> {
        let query = table.query(&self.known);
        self.run(&format!("DECLARE moving_{} NO SCROLL CURSOR FOR {query}", table.name())).await
    }

    /// Its next rows; none at the end.
    pub async fn next(&self, table: Table) -> Result<Vec<Row>, MovingError> {
        self.rows(&format!("FETCH {AT_ONCE} FROM moving_{}", table.name())).await
    }

    /// Lets go of it.
    pub async fn close(self) {
        drop(self.client);
        let _ = self.connection.await;
    }

    async fn run(&self, command: &str) -> Result<(), MovingError> {
        self.client.batch_execute(command).await.map_err(|error| self.failed(&error))
    }

    async fn rows(&self, query: &str) -> Result<Vec<Row>, MovingError> {
        let answers = self.client.simple_query(query).await.map_err(|error| self.failed(&error))?;
        let row = |answer| match answer {
            SimpleQueryMessage::Row(row) => Some(Row(row)),
            _ => None,
        };
        Ok(answers.into_iter().filter_map(row).collect())
    }

    fn failed(&self, error: &tokio_postgres::Error) -> MovingError {
        MovingError::Source { database: self.name.clone(), cause: with_causes(error) }
    }
}
