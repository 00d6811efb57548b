//! Idempotency keys and what was answered under them: in the scope of the write that each is for, so that noting it touches
//! no other.

use async_trait::async_trait;
use futures_util::future::try_join_all;

use super::expired::AT_ONCE;
use super::nobody;
use crate::domain::{Answer, Noted, Reservation, Timestamp, UserId};
use crate::store::engine::{Engine, Name, Source, Span, Table, Tx, expiry_key};
use crate::store::reading::{Reading as _, readable};
use crate::store::{Answers, StoreError, StoreResult};

#[async_trait]
impl<E: Engine> Answers for E {
    async fn answer(&self, reservation: Reservation, now: Timestamp) -> StoreResult<Option<Noted>> {
        self.read(Name::new("get", "answers"), |source| find(source, &reservation, now)).await
    }

    async fn answer_bytes(&self, owner: UserId) -> StoreResult<u64> {
        // There may be as many as an account may make in a day: seldom asked for, and always counted as a long read.
        self.list(Name::new("list", "answers"), |_| Ok(true), move |source| bytes(source, owner)).await
    }

    async fn remember_answer(&self, reservation: Reservation, answer: Option<Answer>) -> StoreResult<()> {
        let rule = move |tx: &mut Tx<'_>| put(tx, &reservation, answer.as_ref());
        self.write(Name::new("insert", "answers"), nobody(), rule).await
    }

    async fn remove_expired_answers(&self, now: Timestamp, limit: usize) -> StoreResult<bool> {
        let expired = self.read(Name::new("list", "answers"), |source| expired(source, now, limit)).await?;
        let scopes: Vec<&[Vec<u8>]> = expired.chunk_by(|one, other| scope_in(one) == scope_in(other)).collect();
        for some in scopes.chunks(AT_ONCE) {
            let remove = |keys: &&[Vec<u8>]| {
                let keys = keys.to_vec();
                self.write(Name::new("delete", "answers"), nobody(), move |tx| remove_all(tx, &keys))
            };
            try_join_all(some.iter().map(remove)).await?;
        }
        Ok(expired.len() == limit)
    }
}

/// See [`Answers::answer`].
fn find(source: &dyn Source, reservation: &Reservation, now: Timestamp) -> StoreResult<Option<Noted>> {
    let is_good = |noted: &Noted| noted.expires_at > now;
    let noted: Option<Noted> = source.row(Table::Answers, &key_of(reservation))?;
    if let Some(noted) = noted.filter(is_good) {
        return Ok(Some(noted));
    }
    // Earlier versions noted all keys in the scopes of their owners.
    let earlier: Option<Noted> = source.row(Table::Answers, &owners_key(reservation))?;
    Ok(earlier.filter(is_good))
}

/// See [`Answers::answer_bytes`].
fn bytes(source: &dyn Source, owner: UserId) -> StoreResult<u64> {
    let memberships = Span::under(Table::MembershipsByUser, &owner.to_bytes());
    let memberships = source.keys(Table::MembershipsByUser, &memberships, usize::MAX)?;
    let places = memberships.iter().map(|(key, _)| [&key[16..], &owner.to_bytes()[..]].concat());
    let mut bytes = 0;
    for place in places.chain([owner.to_bytes().to_vec()]) {
        let rows = source.keys(Table::Answers, &Span::under(Table::Answers, &place), usize::MAX)?;
        bytes += rows.iter().map(|(key, row)| (2 * key.len() + row) as u64).sum::<u64>();
    }
    Ok(bytes)
}

/// Notes that something is done under a key, in the same transaction as what is done.
pub(super) fn note(tx: &mut Tx<'_>, reservation: &Reservation) -> StoreResult<()> {
    let noted: Option<Noted> = readable(tx.row(Table::Answers, &key_of(reservation)))?;
    match noted {
        Some(noted) if noted.expires_at == reservation.expires_at => Ok(()),
        // Another server does it at the same time, or has done it a moment ago.
        Some(noted) if noted.expires_at > tx.stamp().at => Err(StoreError::KeyInUse),
        Some(_) | None => put(tx, reservation, None),
    }
}

/// Writes the row of a key, over that of one that has expired.
fn put(tx: &mut Tx<'_>, reservation: &Reservation, answer: Option<&Answer>) -> StoreResult<()> {
    let key = key_of(reservation);
    let Reservation { fingerprint, expires_at, .. } = *reservation;
    if let Some(before) = readable(tx.row::<Noted>(Table::Answers, &key))? {
        tx.remove(Table::AnswersByExpiry, &expiry_key(before.expires_at, &key));
    }
    tx.put(Table::Answers, &key, &Noted { fingerprint, expires_at, answer: answer.cloned() })?;
    tx.put_bytes(Table::AnswersByExpiry, &expiry_key(expires_at, &key), &[])
}

/// The first keys that have expired, in the order of expiry as keys of that table, those of a scope together.
fn expired(source: &dyn Source, now: Timestamp, limit: usize) -> StoreResult<Vec<Vec<u8>>> {
    let end = expiry_key(now, &[u8::MAX; 48]);
    let keys = source.keys(Table::AnswersByExpiry, &Span::all().before(Some(&end)), limit)?;
    let mut keys: Vec<Vec<u8>> = keys.into_iter().map(|(key, _)| key).collect();
    keys.sort_by(|one, other| scope_in(one).cmp(scope_in(other)));
    Ok(keys)
}

/// The scope in a key of that table.
fn scope_in(key: &[u8]) -> &[u8] {
    key.get(8..24).unwrap_or_default()
}

/// Removes those that are still there: one that was used again since expires later.
fn remove_all(tx: &mut Tx<'_>, keys: &[Vec<u8>]) -> StoreResult<()> {
    for key in keys {
        if tx.has(Table::AnswersByExpiry, key)? {
            tx.remove(Table::AnswersByExpiry, key);
            tx.remove(Table::Answers, &key[8..]);
        }
    }
    Ok(())
}

/// The key of a reservation's row: in a workspace, everyone has keys of their own, of which half of the digest
/// distinguishes one from another.
fn key_of(reservation: &Reservation) -> [u8; 48] {
    let Some(tenant) = reservation.tenant else { return owners_key(reservation) };
    let mut bytes = [0; 48];
    bytes[..16].copy_from_slice(&tenant.to_bytes());
    bytes[16..32].copy_from_slice(&reservation.owner.to_bytes());
    bytes[32..].copy_from_slice(&reservation.key[..16]);
    bytes
}

fn owners_key(reservation: &Reservation) -> [u8; 48] {
    let mut bytes = [0; 48];
    bytes[..16].copy_from_slice(&reservation.owner.to_bytes());
    bytes[16..].copy_from_slice(&reservation.key);
    bytes
}
