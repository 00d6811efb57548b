//! Reading and trimming the change log.

use async_trait::async_trait;
use tokio_postgres::types::{ToSql, Type};

use super::PostgresStore;
use super::connect::{Connection, failed};
use super::layout::{LAST_CHANGE, LOCK_HEAD, RAISE_HEAD};
use super::lease::require;
use super::rows::{LogRow, number, position, write};
use crate::domain::{ChangeBatch, LogPage, LogPlace, LogPosition, TenantId, Timestamp, UserId};
use crate::store::engine::{Counter, Engine as _, Entry, Name, Section};
use crate::store::{Changes, StoreError, StoreResult};

const LIST: Name = Name::new("list", "changes");

/// An entry as it is stored, with its number.
type Stored = (i64, Vec<u8>);

#[async_trait]
impl Changes for PostgresStore {
    async fn changes(&self, after: LogPosition, limit: usize) -> StoreResult<ChangeBatch> {
        let query = "SELECT n, value FROM ghostworks_changes WHERE n > $1 ORDER BY n LIMIT $2";
        let read = async {
            let mut stored = self.entries(query, number(after), limit.saturating_add(1)).await?;
            let has_more = stored.len() > limit;
            stored.truncate(limit);
            let end = stored.last().map_or(after, |(n, _)| position(*n));
            let (changes, _) = self.readable(stored)?;
            let has_gaps = end.entries_since(after) != changes.len() as u64;
            Ok(ChangeBatch { changes, end, has_more, has_gaps })
        };
        self.observed(LIST, read).await
    }

    async fn newest_change(&self, tenant: Option<TenantId>) -> StoreResult<LogPosition> {
        let name = Name::new("get", "changes");
        match tenant {
            Some(tenant) => {
                let newest =
                    self.read(name, move |source| source.count(tenant.to_bytes(), Counter::NewestChange)).await?;
                Ok(LogPosition::of_entry(newest))
            }
            None => self.observed(name, self.last_change()).await,
        }
    }

    async fn changes_of(&self, tenant: TenantId, from: Option<LogPlace>, limit: usize) -> StoreResult<LogPage> {
        let before = match &from {
            None => i64::MAX,
            // A place of another workspace's is none.
            Some(place) => n_at(place, tenant).unwrap_or(0),
        };
        let read = async {
            let connection = self.reads.get().await?;
            let (tenant_bytes, rows) = (tenant.to_bytes().to_vec(), i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1);
            let query = "SELECT n, value FROM ghostworks_changes \
                         WHERE tenant = $1 AND n < $2 ORDER BY n DESC LIMIT $3";
            let bounds: [(&(dyn ToSql + Sync), Type); 3] =
                [(&tenant_bytes, Type::BYTEA), (&before, Type::INT8), (&rows, Type::INT8)];
            let found = connection.ask(connection.client.query_typed(query, &bounds)).await?;
            let mut stored = found.iter().map(stored).collect::<StoreResult<Vec<Stored>>>()?;
            let has_more = stored.len() > limit;
            stored.truncate(limit);
            let next = stored.last().filter(|_| has_more).map(|(n, _)| place_of(*n, tenant));
            let (items, damaged) = self.readable(stored)?;
            Ok(LogPage { items, damaged, next })
        };
        self.observed(LIST, read).await
    }
}

/// The place after an entry, which is of one workspace alone.
fn place_of(n: i64, tenant: TenantId) -> LogPlace {
    LogPlace([n.to_be_bytes().as_slice(), &tenant.to_bytes()].concat())
}

fn n_at(place: &LogPlace, tenant: TenantId) -> Option<i64> {
    let n = i64::from_be_bytes(*place.0.first_chunk()?);
    (place_of(n, tenant) == *place).then_some(n)
}

fn stored(row: &tokio_postgres::Row) -> StoreResult<Stored> {
    Ok((row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?))
}

impl PostgresStore {
    /// The newest position.
    pub(super) async fn last_change(&self) -> StoreResult<LogPosition> {
        let connection = self.reads.get().await?;
        let found = connection.ask(connection.client.query_typed(LAST_CHANGE, &[])).await?;
        let last: i64 = found.first().map_or(Ok(0), |row| row.try_get(0)).map_err(failed)?;
        self.seen.last.fetch_max(last, std::sync::atomic::Ordering::Relaxed);
        Ok(position(last))
    }

    async fn entries(&self, query: &str, n: i64, limit: usize) -> StoreResult<Vec<Stored>> {
        let connection = self.reads.get().await?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let bounds: [(&(dyn ToSql + Sync), Type); 2] = [(&n, Type::INT8), (&limit, Type::INT8)];
        let found = connection.ask(connection.client.query_typed(query, &bounds)).await?;
        found.iter().map(stored).collect()
    }

    /// The entries that can be read, and how many can't.
    fn readable(&self, stored: Vec<Stored>) -> StoreResult<(Vec<crate::domain::Change>, u64)> {
        let (mut changes, mut damaged) = (Vec::with_capacity(stored.len()), 0);
        for (n, value) in stored {
            match Entry::at(position(n).entry(), &value) {
                Ok(entry) => changes.push(entry.change),
                Err(StoreError::Damaged(damage)) => {
                    self.damages.note(&damage);
                    damaged += 1;
                }
                Err(error) => return Err(error),
            }
        }
        Ok((changes, damaged))
    }

    /// A connection whose transaction holds the head, and the fence if there is one.
    async fn holding(&self) -> StoreResult<Connection> {
        let connection = Connection::for_writes(&self.address).await?;
        connection.client.batch_execute(&format!("BEGIN; {LOCK_HEAD}")).await.map_err(failed)?;
        require(&connection.client, self.fence).await?;
        Ok(connection)
    }

    /// See [`crate::store::Housekeeping::trim_changes`].
    pub(super) async fn trim(&self, before: Timestamp, limit: usize) -> StoreResult<bool> {
        let connection = self.holding().await?;
        let client = &connection.client;
        let rows = i64::try_from(limit).unwrap_or(i64::MAX);
        let query = "SELECT n, value FROM ghostworks_changes \
                     WHERE n < (SELECT max(n) FROM ghostworks_changes) ORDER BY n LIMIT $1";
        let found = client.query_typed(query, &[(&rows, Type::INT8)]).await.map_err(failed)?;
        let stored = found.iter().map(stored).collect::<StoreResult<Vec<Stored>>>()?;
        // One that can't be read is as old as the next that can.
        let is_old = |(n, value): &&Stored| match Entry::at(position(*n).entry(), value) {
            Ok(entry) => entry.change.at < before,
            Err(_) => true,
        };
        let old: Vec<i64> = stored.iter().take_while(is_old).map(|(n, _)| *n).collect();
        let Some(last) = old.last().copied() else { return Ok(false) };
        client
            .query_typed("DELETE FROM ghostworks_changes WHERE n <= $1", &[(&last, Type::INT8)])
            .await
            .map_err(failed)?;
        let first = client.query_typed("SELECT min(n) FROM ghostworks_changes", &[]).await.map_err(failed)?;
        let first: i64 = first.first().map_or(Ok(0), |row| row.try_get(0)).map_err(failed)?;
        let key = (Section::Counters, Counter::OldestChange.of_all().to_vec());
        let counted = [(key, Some(first.to_be_bytes().to_vec()))].into();
        write(client, &counted, &[]).await.map_err(failed)?;
        self.end(connection).await?;
        self.damages.forget_before(Section::Changes.name(), &first.to_be_bytes());
        Ok(old.len() == limit)
    }

    /// See [`crate::store::Deletions::scrub_changes`].
    pub(super) async fn scrub(
        &self,
        people: &[UserId],
        after: LogPosition,
        limit: usize,
    ) -> StoreResult<Option<LogPosition>> {
        let connection = self.holding().await?;
        let client = &connection.client;
        let (n, rows) = (number(after), i64::try_from(limit).unwrap_or(i64::MAX));
        let query = "SELECT n, value FROM ghostworks_changes WHERE n > $1 ORDER BY n LIMIT $2";
        let found = client.query_typed(query, &[(&n, Type::INT8), (&rows, Type::INT8)]).await.map_err(failed)?;
        let stored = found.iter().map(stored).collect::<StoreResult<Vec<Stored>>>()?;
        let mut scrubbed = Vec::new();
        for (n, value) in &stored {
            // One that can't be read says nothing.
            if let Ok(mut entry) = Entry::at(position(*n).entry(), value)
                && entry.change.is_personal_to(people)
            {
                entry.change.actor.forget_place();
                scrubbed.push(LogRow::of(&entry)?);
            }
        }
        write(client, &Default::default(), &scrubbed).await.map_err(failed)?;
        self.end(connection).await?;
        Ok(stored.last().filter(|_| stored.len() == limit).map(|(n, _)| position(*n)))
    }

    async fn end(&self, connection: Connection) -> StoreResult<()> {
        connection.client.batch_execute(RAISE_HEAD).await.map_err(failed)?;
        connection.client.batch_execute("COMMIT").await.map_err(failed)
    }
}
