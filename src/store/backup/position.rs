//! How far a database is: the position of the newest entry of the change log, and a mark of what that entry says.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use crate::store::engine::{Section, Whole, number};
use crate::store::records::{self, Entry};
use crate::store::{Position, StoreResult};

/// Before the first change, all databases are the same.
const BEGINNING: Position = Position { seq: 0, mark: 0 };

/// The position of the newest entry of the change log; 0 when there is none.
pub(super) fn last_seq(whole: &(impl Whole + ?Sized)) -> StoreResult<u64> {
    Ok(whole.last_of(Section::Changes)?.map_or(BEGINNING.seq, |key| number(&key)))
}

/// How far it is.
pub(super) fn newest(whole: &(impl Whole + ?Sized)) -> StoreResult<Position> {
    Ok(at(whole, last_seq(whole)?)?.unwrap_or(BEGINNING))
}

/// How far it was when it had come to `seq`; none when it never had.
fn at(whole: &(impl Whole + ?Sized), seq: u64) -> StoreResult<Option<Position>> {
    if seq == BEGINNING.seq {
        return Ok(Some(BEGINNING));
    }
    let entry = whole.row_of(Section::Changes, &seq.to_be_bytes())?;
    Ok(entry.map(|entry| Position { seq, mark: mark(&lasting(&entry)) }))
}

/// Whether it was at a position. Earlier versions marked the whole entry.
pub(super) fn has_passed(whole: &(impl Whole + ?Sized), position: Position) -> StoreResult<bool> {
    if at(whole, position.seq)? == Some(position) {
        return Ok(true);
    }
    let entry = whole.row_of(Section::Changes, &position.seq.to_be_bytes())?;
    Ok(entry.is_some_and(|entry| mark(&entry) == position.mark))
}

/// What stays of an entry whatever becomes of the person who made the change. One that can't be read stays as it is.
pub(super) fn lasting(entry: &[u8]) -> Cow<'_, [u8]> {
    let Ok(mut read) = records::decode::<Entry>(entry) else { return entry.into() };
    read.change.actor.forget_place();
    records::encode(&read).map_or(entry.into(), Cow::Owned)
}

/// Entries have a time in them, and who made the change: two that differ have the same mark once in four billion times.
fn mark(entry: &[u8]) -> u32 {
    let digest = Sha256::digest(entry);
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}
