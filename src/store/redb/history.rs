//! Which history a database has: a row that is written with the first commit after it was made, and replaced by each
//! restore.

use redb::{Database, ReadableDatabase as _, WriteTransaction};

use super::tables::META;
use crate::domain::{Entropy, HistoryId};
use crate::store::StoreResult;

/// What it is called in the table of such things.
pub(super) const KEY: &str = "history";

/// The history of a database; one of an earlier version, which has none, begins one.
pub(super) fn of(database: &Database, entropy: &dyn Entropy) -> StoreResult<HistoryId> {
    let known = database.begin_read()?.open_table(META)?.get(KEY)?.and_then(|row| row.value().try_into().ok());
    if let Some(known) = known {
        return Ok(HistoryId::from_bytes(known));
    }
    let mut txn = database.begin_write()?;
    txn.set_two_phase_commit(true);
    txn.set_quick_repair(true);
    let begun = begin(&txn, entropy)?;
    txn.commit()?;
    Ok(begun)
}

/// Begins another history.
pub(super) fn begin(txn: &WriteTransaction, entropy: &dyn Entropy) -> StoreResult<HistoryId> {
    let history = HistoryId::random(entropy);
    txn.open_table(META)?.insert(KEY, history.to_bytes().as_slice())?;
    Ok(history)
}
