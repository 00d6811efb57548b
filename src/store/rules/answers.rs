//! Idempotency keys and what was answered under them.

use async_trait::async_trait;

use super::super::engine::{Engine, Name, Source, Span, Table, Tx, expiry_key};
use super::super::{Answers, StoreResult};
use super::nobody;
use super::reading::Reading as _;
use crate::domain::{Answer, Noted, Reservation, Timestamp, UserId};

#[async_trait]
impl<E: Engine> Answers for E {
    async fn answer(&self, owner: UserId, key: [u8; 32], now: Timestamp) -> StoreResult<Option<Noted>> {
        self.read(Name::new("get", "answers"), |source| find(source, owner, key, now)).await
    }

    async fn answer_bytes(&self, owner: UserId) -> StoreResult<u64> {
        self.read(Name::new("list", "answers"), |source| {
            let rows = source.keys(Table::Answers, &Span::under(Table::Answers, &owner.to_bytes()), usize::MAX)?;
            Ok(rows.iter().map(|(key, row)| (2 * key.len() + row) as u64).sum())
        })
        .await
    }

    async fn remember_answer(&self, reservation: Reservation, answer: Option<Answer>) -> StoreResult<()> {
        let rule = move |tx: &mut Tx<'_>| put(tx, &reservation, answer.as_ref());
        self.write(Name::new("insert", "answers"), nobody(), rule).await
    }

    async fn remove_expired_answers(&self, now: Timestamp, limit: usize) -> StoreResult<bool> {
        self.write(Name::new("delete", "answers"), nobody(), move |tx| remove_expired(tx, now, limit)).await
    }
}

/// See [`Answers::answer`].
fn find(source: &dyn Source, owner: UserId, key: [u8; 32], now: Timestamp) -> StoreResult<Option<Noted>> {
    let noted: Option<Noted> = source.row(Table::Answers, &key_of(owner, key))?;
    Ok(noted.filter(|noted| noted.expires_at > now))
}

/// Notes that something is done under a key, in the same transaction as what is done.
pub(super) fn note(tx: &mut Tx<'_>, reservation: &Reservation) -> StoreResult<()> {
    let noted: Option<Noted> = tx.row(Table::Answers, &key_of(reservation.owner, reservation.key))?;
    let is_noted = noted.is_some_and(|noted| noted.expires_at == reservation.expires_at);
    if is_noted { Ok(()) } else { put(tx, reservation, None) }
}

/// Writes the row of a key, over that of one that has expired.
fn put(tx: &mut Tx<'_>, reservation: &Reservation, answer: Option<&Answer>) -> StoreResult<()> {
    let key = key_of(reservation.owner, reservation.key);
    let Reservation { fingerprint, expires_at, .. } = *reservation;
    if let Some(before) = tx.row::<Noted>(Table::Answers, &key)? {
        tx.remove(Table::AnswersByExpiry, &expiry_key(before.expires_at, &key));
    }
    tx.put(Table::Answers, &key, &Noted { fingerprint, expires_at, answer: answer.cloned() })?;
    tx.put_bytes(Table::AnswersByExpiry, &expiry_key(expires_at, &key), &[])
}

/// See [`Answers::remove_expired_answers`].
fn remove_expired(tx: &mut Tx<'_>, now: Timestamp, limit: usize) -> StoreResult<bool> {
    let end = expiry_key(now, &[u8::MAX; 48]);
    let expired = tx.keys(Table::AnswersByExpiry, &Span::all().before(Some(&end)), limit)?;
    for (key, _) in &expired {
        tx.remove(Table::AnswersByExpiry, key);
        tx.remove(Table::Answers, &key[8..]);
    }
    Ok(expired.len() == limit)
}

fn key_of(owner: UserId, key: [u8; 32]) -> [u8; 48] {
    let mut bytes = [0; 48];
    bytes[..16].copy_from_slice(&owner.to_bytes());
    bytes[16..].copy_from_slice(&key);
    bytes
}
