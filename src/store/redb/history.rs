//! Which history a database has: a fact that is written with the first commit after it was made, and replaced by each
//! restore.

use redb::{Database, ReadableDatabase as _};

use super::rebuild::{self, Rebuilding};
use super::tables::META;
use crate::domain::{Entropy, HistoryId};
use crate::store::StoreResult;
use crate::store::schema::{HISTORY_KEY, begin_history};

/// The history of a database; one of an earlier version, which has none, begins one.
pub(super) fn of(database: &Database, entropy: &dyn Entropy) -> StoreResult<HistoryId> {
    let facts = database.begin_read()?.open_table(META)?;
    let known = facts.get(HISTORY_KEY)?.and_then(|row| row.value().try_into().ok());
    if let Some(known) = known {
        return Ok(HistoryId::from_bytes(known));
    }
    let txn = rebuild::begin(database)?;
    let begun = begin_history(&mut Rebuilding::of(&txn)?, entropy)?;
    txn.commit()?;
    Ok(begun)
}
