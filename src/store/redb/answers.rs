//! Idempotency keys and what was answered under them.

use async_trait::async_trait;
use redb::ReadableTable;

use super::RedbStore;
use super::snapshot::Snapshot;
use super::tables::{Tables, get, put};
use crate::domain::{Answer, Noted, Reservation, Timestamp, UserId};
use crate::store::{Answers, StoreResult};

#[async_trait]
impl Answers for RedbStore {
    async fn answer(&self, owner: UserId, key: [u8; 32], now: Timestamp) -> StoreResult<Option<Noted>> {
        self.read("get", "answers", |snapshot| find(snapshot, owner, key, now))
    }

    async fn remember_answer(&self, reservation: Reservation, answer: Option<Answer>) -> StoreResult<()> {
        self.write("insert", "answers", move |tables| {
            write(tables, &reservation, answer)?;
            tables.wrote_unlogged();
            Ok(())
        })
        .await
    }

    async fn remove_expired_answers(&self, now: Timestamp, limit: usize) -> StoreResult<bool> {
        self.write("delete", "answers", move |tables| remove_expired(tables, now, limit)).await
    }
}

/// See [`crate::store::Answers::answer`].
fn find(snapshot: &Snapshot, owner: UserId, key: [u8; 32], now: Timestamp) -> StoreResult<Option<Noted>> {
    let noted: Option<Noted> = get(snapshot.answers()?, &key_of(owner, key))?;
    Ok(noted.filter(|noted| noted.expires_at > now))
}

/// Notes that something is done under a key, in the same transaction as what is done.
pub(super) fn note(tables: &mut Tables<'_>, reservation: &Reservation) -> StoreResult<()> {
    let noted: Option<Noted> = get(tables.answers()?, &key_of(reservation.owner, reservation.key))?;
    let is_noted = noted.is_some_and(|noted| noted.expires_at == reservation.expires_at);
    if is_noted { Ok(()) } else { write(tables, reservation, None) }
}

/// Writes the row of a key, over that of one that has expired.
fn write(tables: &mut Tables<'_>, reservation: &Reservation, answer: Option<Answer>) -> StoreResult<()> {
    let key = key_of(reservation.owner, reservation.key);
    let Reservation { fingerprint, expires_at, .. } = *reservation;
    if let Some(before) = get::<_, Noted>(tables.answers()?, &key)? {
        tables.answers_by_expiry()?.remove(&expiry_key(before.expires_at, &key))?;
    }
    put(tables.answers()?, &key, &Noted { fingerprint, expires_at, answer })?;
    tables.answers_by_expiry()?.insert(&expiry_key(expires_at, &key), ())?;
    Ok(())
}

/// See [`crate::store::Answers::remove_expired_answers`].
fn remove_expired(tables: &mut Tables<'_>, now: Timestamp, limit: usize) -> StoreResult<bool> {
    let last = expiry_key(now, &[u8::MAX; 48]);
    let by_expiry = tables.answers_by_expiry()?;
    let rows = by_expiry.range::<&[u8; 56]>(..=&last)?.take(limit);
    let expired = rows.map(|row| Ok(*row?.0.value())).collect::<StoreResult<Vec<_>>>()?;
    for row in &expired {
        by_expiry.remove(row)?;
    }
    for row in &expired {
        let mut key = [0; 48];
        key.copy_from_slice(&row[8..]);
        tables.answers()?.remove(&key)?;
    }
    if !expired.is_empty() {
        tables.wrote_unlogged();
    }
    Ok(expired.len() == limit)
}

fn key_of(owner: UserId, key: [u8; 32]) -> [u8; 48] {
    let mut bytes = [0; 48];
    bytes[..16].copy_from_slice(&owner.to_bytes());
    bytes[16..].copy_from_slice(&key);
    bytes
}

/// The key of a row in the order in which rows expire.
pub(super) fn expiry_key(expires_at: Timestamp, key: &[u8; 48]) -> [u8; 56] {
    let mut bytes = [0; 56];
    // Nothing here is from before 1970.
    let micros = u64::try_from(expires_at.as_microsecond()).unwrap_or_default();
    bytes[..8].copy_from_slice(&micros.to_be_bytes());
    bytes[8..].copy_from_slice(key);
    bytes
}
