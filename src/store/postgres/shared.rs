//! What nodes share beside the database: a table of its own, which no backup has.

use std::sync::Arc;

use async_trait::async_trait;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use super::Address;
use super::clock::NOW;
use super::connect::{Connection, failed};
use super::pool::Reads;
use crate::domain::Timestamp;
use crate::store::{Shared, SharedChange, SharedKind, SharedRows, StoreError, StoreResult};

const LIST: &str = "SELECT key, value FROM ghostworks_shared WHERE kind = $1";
const PUT: &str = "
    INSERT INTO ghostworks_shared SELECT $1, * FROM unnest($2::bytea[], $3::bytea[])
    ON CONFLICT (kind, key) DO UPDATE SET value = EXCLUDED.value";
const REMOVE: &str = "DELETE FROM ghostworks_shared WHERE kind = $1 AND key = ANY ($2::bytea[])";
/// Readers go on meanwhile.
const BEGIN: &str = "BEGIN; LOCK TABLE ghostworks_shared IN EXCLUSIVE MODE";

/// The table.
#[derive(Clone)]
pub struct SharedTable {
    address: Arc<Address>,
    reads: Reads,
}

impl SharedTable {
    /// That of the database at an address.
    pub fn at(address: Arc<Address>) -> StoreResult<Self> {
        let reads = Reads::new(address.clone(), 1)?;
        Ok(Self { address, reads })
    }

    /// The same, which is read through these connections.
    pub(super) fn beside(address: Arc<Address>, reads: Reads) -> Self {
        Self { address, reads }
    }
}

#[async_trait]
impl Shared for SharedTable {
    async fn shared(&self, kind: SharedKind) -> StoreResult<(SharedRows, Timestamp)> {
        let connection = self.reads.get().await?;
        let client = &connection.client;
        let number = kind as i16;
        let look = async {
            let number = [(&number as &(dyn ToSql + Sync), Type::INT2)];
            let listed = async {
                match client.query_typed(LIST, &number).await {
                    // Nobody has shared anything yet.
                    Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Ok(Vec::new()),
                    listed => listed,
                }
            };
            futures_util::try_join!(listed, client.query_typed(NOW, &[]))
        };
        let (rows, now) = connection.ask(look).await?;
        Ok((rows_of(&rows)?, moment_of(&now)?))
    }

    async fn change_shared(&self, kind: SharedKind, change: SharedChange<'_>) -> StoreResult<SharedRows> {
        let connection = Connection::for_writes(&self.address).await?;
        let client = &connection.client;
        connection.ask(client.batch_execute(BEGIN)).await?;
        let number = kind as i16;
        let found = connection.ask(client.query_typed(LIST, &[(&number, Type::INT2)])).await?;
        let now = moment_of(&connection.ask(client.query_typed(NOW, &[])).await?)?;
        let before = rows_of(&found)?;
        let mut rows = before.clone();
        change(&mut rows, now);
        if rows == before {
            return Ok(rows);
        }
        write(&connection, number, &before, &rows).await?;
        connection.was_doubted();
        connection.ask(client.batch_execute("COMMIT")).await?;
        if connection.was_doubted() {
            return Err(StoreError::unavailable("the commit did not wait for the standby"));
        }
        Ok(rows)
    }
}

/// Writes what differs.
async fn write(connection: &Connection, kind: i16, before: &SharedRows, rows: &SharedRows) -> StoreResult<()> {
    let client: &Client = &connection.client;
    let (keys, values): (Vec<&[u8]>, Vec<&[u8]>) = rows
        .iter()
        .filter(|(key, value)| before.get(*key) != Some(value))
        .map(|(key, value)| (key.as_slice(), value.as_slice()))
        .unzip();
    let gone: Vec<&[u8]> = before.keys().filter(|key| !rows.contains_key(*key)).map(Vec::as_slice).collect();
    let put: [(&(dyn ToSql + Sync), Type); 3] =
        [(&kind, Type::INT2), (&keys, Type::BYTEA_ARRAY), (&values, Type::BYTEA_ARRAY)];
    connection.ask(client.query_typed(PUT, &put)).await?;
    let remove: [(&(dyn ToSql + Sync), Type); 2] = [(&kind, Type::INT2), (&gone, Type::BYTEA_ARRAY)];
    connection.ask(client.query_typed(REMOVE, &remove)).await.map(drop)
}

fn rows_of(found: &[Row]) -> StoreResult<SharedRows> {
    found.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, _>>().map_err(failed)
}

/// The moment that [`NOW`] has found.
pub(super) fn moment_of(found: &[Row]) -> StoreResult<Timestamp> {
    found.first().map_or(Ok(0), |row| row.try_get(0)).map(moment).map_err(failed)
}

/// A moment, in microseconds since 1970.
pub(super) fn moment(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or_default()
}
