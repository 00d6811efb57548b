//! How far a database is: the position of the newest entry of the change log, and a mark of what that entry says.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use crate::domain::LogPosition;
use crate::store::engine::{Section, Whole, number};
use crate::store::records::{self, Entry};
use crate::store::{Checkpoint, StoreResult};

/// Before the first change, all databases are the same.
const BEGINNING: Checkpoint = Checkpoint { position: LogPosition::START, mark: 0 };

/// The number of the newest entry of the change log; 0 when there is none.
pub(super) fn last_entry(whole: &(impl Whole + ?Sized)) -> StoreResult<u64> {
    Ok(whole.last_of(Section::Changes)?.map_or(0, |key| number(&key)))
}

/// How far it is.
pub(super) fn newest(whole: &(impl Whole + ?Sized)) -> StoreResult<Checkpoint> {
    Ok(at(whole, LogPosition::of_entry(last_entry(whole)?))?.unwrap_or(BEGINNING))
}

/// How far it was when it had come to a position; none when it never had.
fn at(whole: &(impl Whole + ?Sized), position: LogPosition) -> StoreResult<Option<Checkpoint>> {
    if position == LogPosition::START {
        return Ok(Some(BEGINNING));
    }
    let entry = whole.row_of(Section::Changes, &position.entry().to_be_bytes())?;
    Ok(entry.map(|entry| Checkpoint { position, mark: mark(&lasting(&entry)) }))
}

/// Whether it was at a checkpoint. Earlier versions marked the whole entry.
pub(super) fn has_passed(whole: &(impl Whole + ?Sized), checkpoint: Checkpoint) -> StoreResult<bool> {
    if at(whole, checkpoint.position)? == Some(checkpoint) {
        return Ok(true);
    }
    let entry = whole.row_of(Section::Changes, &checkpoint.position.entry().to_be_bytes())?;
    Ok(entry.is_some_and(|entry| mark(&entry) == checkpoint.mark))
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
