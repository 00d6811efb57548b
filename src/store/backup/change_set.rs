//! What takes a copy of a database from one position of the change log to a later one.
//!
//! It has the schema version, the entries of the change log, and of each the rows that it is about (`changed_rows.rs`), all
//! as of one commit: the rows of a table whose keys begin with some bytes, of which the copy then has these and no
//! others. So it does not matter how often a row is in it, nor that the copy may be some way along already. The first
//! entry is the one at the position that the changes begin after: the copy has it, if it has the same history.

use std::io::Write;

use super::change_set_writer::{ChangeSet, since};
use super::{BackupError, changed_rows};
use crate::store::engine::{Entry, Section, Whole, number};
use crate::store::{StoreError, StoreResult};

/// Writes what has changed after a position, and returns how many rows that is.
pub(super) fn write(whole: &dyn Whole, after: u64, sink: impl Write) -> Result<u64, BackupError> {
    let mut set = ChangeSet::new(whole, sink)?;
    set.write_schema()?;
    set.write_entries(after)?;
    let mut entries = whole.section(Section::Changes, &since(after.saturating_add(1)))?;
    while entries.advance()? {
        let entry = Entry::at(number(entries.key()), entries.value())?;
        changed_rows::write(&mut set, &entry.change)?;
    }
    set.write_counters()?;
    set.finish()
}

/// Whether an entry after a position can't be read.
pub(super) fn has_damage(whole: &dyn Whole, after: u64) -> StoreResult<bool> {
    let mut entries = whole.section(Section::Changes, &since(after.saturating_add(1)))?;
    while entries.advance()? {
        match Entry::at(number(entries.key()), entries.value()) {
            Err(StoreError::Damaged(damage)) => {
                whole.met_damage(&damage);
                return Ok(true);
            }
            entry => drop(entry?),
        }
    }
    Ok(false)
}
