//! The lease on what one node does for all: a row that its holder renews. It runs out by the clock of the database.
//!
//! What is written under it asks for the row in its own transaction, and holds it until the commit: nobody takes the lease
//! meanwhile, and who has lost it, however long it slept, writes nothing.

use std::sync::Arc;

use async_trait::async_trait;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error, Row};

use super::PostgresStore;
use super::clock::NOW;
use super::connect::failed;
use super::shared::{moment, moment_of};
use crate::domain::Timestamp;
use crate::store::{LEASE, Lease, LeaseHolder, Leases, Store, StoreError, StoreResult};

/// Takes it, or renews it, unless another holds it.
const HOLD: &str = "
    INSERT INTO ghostworks_leases AS held (name, holder, whereabouts, term, until)
    VALUES ('background', $1, $2, 1, clock_timestamp() + $3 * interval '1 microsecond')
    ON CONFLICT (name) DO UPDATE SET holder = EXCLUDED.holder, whereabouts = EXCLUDED.whereabouts,
        term = held.term + (held.holder <> EXCLUDED.holder OR held.until <= clock_timestamp())::int,
        until = EXCLUDED.until
    WHERE held.holder = EXCLUDED.holder OR held.until <= clock_timestamp()";

/// Who holds it.
const LOOK: &str = "
    SELECT holder, whereabouts, term, (extract(epoch FROM until) * 1000000)::bigint, until > clock_timestamp()
    FROM ghostworks_leases WHERE name = 'background'";

/// Who holds it, and goes on doing so until the transaction ends.
const REQUIRE: &str = "
    SELECT holder, term FROM ghostworks_leases WHERE name = 'background' AND until > clock_timestamp() FOR SHARE";

/// Ends it.
const RELEASE: &str =
    "UPDATE ghostworks_leases SET until = clock_timestamp() WHERE name = 'background' AND holder = $1";

/// A holder in a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fence {
    holder: [u8; 32],
    term: i64,
}

/// Which fence holds until the transaction ends, if one does.
pub(super) async fn fence_in_force(client: &Client) -> Result<Option<Fence>, Error> {
    let found = client.query_typed(REQUIRE, &[]).await?;
    let fence = |row: &Row| Ok(Fence { holder: key_of(row.try_get(0)?), term: row.try_get(1)? });
    found.first().map(fence).transpose()
}

/// Refuses one that does not hold, in a transaction.
pub(super) async fn require(client: &Client, fence: Option<Fence>) -> StoreResult<()> {
    if fence.is_some() && fence_in_force(client).await.map_err(failed)? != fence {
        return Err(StoreError::LeaseLost);
    }
    Ok(())
}

/// A stored holder. One of another length is none that asks.
fn key_of(bytes: &[u8]) -> [u8; 32] {
    bytes.try_into().unwrap_or_default()
}

#[async_trait]
impl Leases for PostgresStore {
    async fn hold(&self, holder: &LeaseHolder, wants: bool) -> StoreResult<Lease> {
        let connection = self.reads.get().await?;
        let client = &connection.client;
        let ask = async { moment_of(&connection.ask(client.query_typed(NOW, &[])).await?) };
        self.clock.measure(ask).await?;
        let key = holder.key();
        let mut lease = lease_of(&connection.ask(client.query_typed(LOOK, &[])).await?, &key)?;
        if wants && (lease.is_own || lease.held.is_none()) {
            let micros = i64::try_from(LEASE.as_micros()).unwrap_or(i64::MAX);
            let bytes = key.as_slice();
            connection.was_doubted();
            let asked: [(&(dyn ToSql + Sync), Type); 3] =
                [(&bytes, Type::BYTEA), (&holder.whereabouts, Type::TEXT), (&micros, Type::INT8)];
            connection.ask(client.query_typed(HOLD, &asked)).await?;
            if connection.was_doubted() {
                return Err(StoreError::unavailable("the lease is not on the standby"));
            }
            lease = lease_of(&connection.ask(client.query_typed(LOOK, &[])).await?, &key)?;
        }
        Ok(lease)
    }

    async fn release(&self, holder: &LeaseHolder) -> StoreResult<()> {
        let connection = self.reads.get().await?;
        let key = holder.key();
        let bytes = key.as_slice();
        connection.ask(connection.client.query_typed(RELEASE, &[(&bytes, Type::BYTEA)])).await.map(drop)
    }

    fn fenced(&self, holder: &LeaseHolder, term: i64) -> Arc<dyn Store> {
        Arc::new(Self { fence: Some(Fence { holder: holder.key(), term }), ..self.clone() })
    }
}

fn lease_of(found: &[Row], own: &[u8; 32]) -> StoreResult<Lease> {
    let Some(row) = found.first() else { return Ok(Lease { term: 0, is_own: false, held: None }) };
    let read = || {
        let is_held: bool = row.try_get(4)?;
        let held: Option<(String, Timestamp)> =
            is_held.then(|| Ok((row.try_get(1)?, moment(row.try_get(3)?)))).transpose()?;
        let is_own = is_held && key_of(row.try_get(0)?) == *own;
        Ok(Lease { term: row.try_get(2)?, is_own, held })
    };
    read().map_err(failed)
}
