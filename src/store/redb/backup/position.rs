//! How far a database is: the position of the newest entry of the change log, and a mark of what that entry says.

use sha2::{Digest as _, Sha256};

use crate::store::redb::change_log::last_seq;
use crate::store::redb::snapshot::Snapshot;
use crate::store::{Position, StoreResult};

/// Before the first change, all databases are the same.
const BEGINNING: Position = Position { seq: 0, mark: 0 };

/// How far it is.
pub(super) fn newest(snapshot: &Snapshot) -> StoreResult<Position> {
    let seq = last_seq(snapshot.changes()?)?;
    Ok(at(snapshot, seq)?.unwrap_or(BEGINNING))
}

/// How far it was when it had come to `seq`; none when it never had.
pub(super) fn at(snapshot: &Snapshot, seq: u64) -> StoreResult<Option<Position>> {
    if seq == BEGINNING.seq {
        return Ok(Some(BEGINNING));
    }
    let entry = snapshot.changes()?.get(seq)?;
    Ok(entry.map(|entry| Position { seq, mark: mark(entry.value()) }))
}

/// Entries have a time in them, and who made the change: two that differ have the same mark once in four billion times.
fn mark(entry: &[u8]) -> u32 {
    let digest = Sha256::digest(entry);
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}
