//! Reading and trimming the change log.

use super::RedbStore;
use super::budget::Budget;
use super::change_log::last_seq;
use super::counters::{self, Counter};
use super::snapshot::Snapshot;
use super::transaction::Tables;
use crate::domain::{ChangeBatch, LogPage, LogPlace, LogPosition, TenantId, Timestamp, UserId};
use crate::store::engine::{Entry, Name, Source as _, chain};
use crate::store::{Changes, StoreError, StoreResult};
use async_trait::async_trait;

/// More entries than this are read off the runtime's threads.
const INLINE_ROWS: usize = 1000;

const LIST: Name = Name::new("list", "changes");

#[async_trait]
impl Changes for RedbStore {
    async fn changes(&self, after: LogPosition, limit: usize) -> StoreResult<ChangeBatch> {
        if limit > INLINE_ROWS {
            self.go_through(LIST, move |snapshot, budget| list(snapshot, budget, after, limit)).await
        } else {
            self.look_up(LIST, |snapshot| list(snapshot, &Budget::UNLIMITED, after, limit))
        }
    }

    async fn newest_change(&self, tenant: Option<TenantId>) -> StoreResult<LogPosition> {
        self.look_up(Name::new("get", "changes"), |snapshot| {
            let entry = match tenant {
                Some(tenant) => counters::value_in(snapshot.counters()?, tenant, Counter::NewestChange),
                None => last_seq(snapshot.changes()?),
            };
            entry.map(LogPosition::of_entry)
        })
    }

    async fn changes_of(&self, tenant: TenantId, from: Option<LogPlace>, limit: usize) -> StoreResult<LogPage> {
        self.look_up(LIST, |snapshot| list_of(snapshot, tenant, from.as_ref(), limit))
    }
}

/// See [`crate::store::Housekeeping::trim_changes`].
pub(super) fn trim(tables: &mut Tables<'_>, before: Timestamp, limit: usize) -> StoreResult<bool> {
    let (oldest, has_more) = tables.changes()?.trim(before, limit)?;
    if let Some(oldest) = oldest {
        tables.counters()?.set(Counter::OldestChange.of_all(), Some(oldest))?;
        tables.begins_at(oldest);
    }
    Ok(has_more)
}

/// See [`crate::store::Deletions::scrub_changes`].
pub(super) fn scrub(
    tables: &mut Tables<'_>,
    people: &[UserId],
    after: LogPosition,
    limit: usize,
) -> StoreResult<Option<LogPosition>> {
    let (next, has_changed) = tables.changes()?.scrub(people, after.entry(), limit)?;
    if has_changed {
        tables.wrote();
    }
    Ok(next.map(LogPosition::of_entry))
}

/// The first `limit` entries after a position.
fn list(snapshot: &Snapshot, budget: &Budget, after: LogPosition, limit: usize) -> StoreResult<ChangeBatch> {
    let (table, after) = (snapshot.changes()?, after.entry());
    let (mut changes, mut end) = (Vec::new(), after);
    for (passed, row) in table.range(after.saturating_add(1)..)?.take(limit).enumerate() {
        if budget.is_over(passed) {
            return Err(StoreError::Overloaded);
        }
        let (seq, entry) = row?;
        end = seq.value();
        match Entry::at(end, entry.value()) {
            Ok(entry) => changes.push(entry.change),
            Err(StoreError::Damaged(damage)) => snapshot.met_damage(&damage),
            Err(error) => return Err(error),
        }
    }
    let has_gaps = end - after != changes.len() as u64;
    Ok(ChangeBatch { changes, has_more: end < last_seq(table)?, end: LogPosition::of_entry(end), has_gaps })
}

/// The two chains of a workspace: what happened in it, and what is about it.
const CHAINS: [Counter; 2] = [Counter::NewestChange, Counter::NewestAbout];

/// See [`Changes::changes_of`]. Each entry leads to the one before of its chain: the rest of the log is not read.
fn list_of(snapshot: &Snapshot, tenant: TenantId, from: Option<&LogPlace>, limit: usize) -> StoreResult<LogPage> {
    let mut next = match from {
        Some(place) => positions(place),
        None => {
            let [own, about] = CHAINS.map(|newest| counters::value_in(snapshot.counters()?, tenant, newest));
            [own?, about?]
        }
    };
    let mut log = Page { snapshot, tenant, damaged: 0 };
    let (mut items, mut ahead) = (Vec::new(), [log.entry(0, &mut next)?, log.entry(1, &mut next)?]);
    while ahead.iter().any(Option::is_some) {
        if items.len() == limit {
            let place = LogPlace(next.iter().flat_map(|seq| seq.to_be_bytes()).collect());
            return Ok(LogPage { items, damaged: log.damaged, next: Some(place) });
        }
        let newest = usize::from(ahead[0].is_none() || ahead[1].is_some() && next[1] > next[0]);
        if let Some(Entry { change, previous }) = ahead[newest].take() {
            items.push(change);
            next[newest] = previous;
            ahead[newest] = log.entry(newest, &mut next)?;
        }
    }
    Ok(LogPage { items, damaged: log.damaged, next: None })
}

/// Where both chains go on at a place; at none if it is not one of ours.
fn positions(place: &LogPlace) -> [u64; 2] {
    match <[u8; 16]>::try_from(place.0.as_slice()) {
        Ok(bytes) => {
            let both = u128::from_be_bytes(bytes);
            [(both >> 64) as u64, both as u64]
        }
        Err(_) => [0, 0],
    }
}

/// How far back it is looked for the rest of a chain.
const LOOKED_BACK: usize = 10_000;

/// A page of a workspace's entries that is being read.
struct Page<'a> {
    snapshot: &'a Snapshot,
    tenant: TenantId,
    /// How many can't be read.
    damaged: u64,
}

impl Page<'_> {
    /// The entry at the next position of a chain, if it is of that chain. When it can't be read, the chain goes on with the
    /// last entry before it that is of the chain, if that is not far.
    fn entry(&mut self, of: usize, next: &mut [u64; 2]) -> StoreResult<Option<Entry>> {
        let row = self.snapshot.changes()?.get(next[of])?;
        match row.map(|row| Entry::at(next[of], row.value())).transpose() {
            Err(StoreError::Damaged(damage)) => self.snapshot.met_damage(&damage),
            entry => return Ok(entry?.filter(|entry| self.is_of(of, entry))),
        }
        self.damaged += 1;
        for row in self.snapshot.changes()?.range(..next[of])?.rev().take(LOOKED_BACK) {
            let (seq, entry) = row?;
            if let Ok(entry) = Entry::at(seq.value(), entry.value())
                && self.is_of(of, &entry)
            {
                next[of] = seq.value();
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    fn is_of(&self, of: usize, entry: &Entry) -> bool {
        chain(entry.change.tenant, entry.change.about) == Some((self.tenant, CHAINS[of]))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use redb::Database;

    use super::*;
    use crate::domain::{Actor, SharedQuotas, Stamp, SystemEntropy};
    use crate::store::redb::tables::CHANGES;
    use crate::store::redb::{Location, Options};
    use crate::store::{Housekeeping as _, NoObserver, Sessions as _, Store as _};

    fn options(location: &Location) -> Options {
        Options {
            location: location.clone(),
            cache_bytes: 1 << 20,
            queue: 8,
            group_max: 8,
            min_free_bytes: 0,
            quotas: SharedQuotas::default(),
            read_only: crate::store::ReadOnly::default(),
            entropy: Arc::new(SystemEntropy),
            backup_before_upgrade: false,
            on_repair: Arc::new(|_| {}),
        }
    }

    fn open(location: &Location) -> RedbStore {
        RedbStore::open(options(location), Arc::new(NoObserver)).unwrap()
    }

    #[tokio::test]
    async fn an_entry_that_can_t_be_read_is_forgotten_when_it_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let location = Location::Directory(directory.path().to_owned());
        let store = open(&location);
        for _ in 0..3 {
            store
                .note_failed_login(Some(UserId::from_bytes([1; 16])), Stamp::new(Timestamp::MIN, Actor::default()))
                .await
                .unwrap();
        }
        store.close().await.unwrap();
        let database = Database::open(location.path()).unwrap();
        let txn = database.begin_write().unwrap();
        txn.open_table(CHANGES).unwrap().insert(1, [250, 7].as_slice()).unwrap();
        txn.commit().unwrap();
        drop(database);

        let store = open(&location);
        assert_eq!(store.changes(LogPosition::START, 10).await.unwrap().changes.len(), 2);
        assert_eq!(store.health().await.damaged.len(), 1);
        store.trim_changes(Timestamp::MAX, 10).await.unwrap();
        assert_eq!(store.health().await.damaged, []);
        store.close().await.unwrap();
    }
}
