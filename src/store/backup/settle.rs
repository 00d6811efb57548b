//! Sets right what is derived from rows: what depends on some that were removed because they were old, of which the change
//! log says nothing, and the order of creation.

use std::ops::Bound;

use crate::store::StoreResult;
use crate::store::engine::{Counter, Rebuild, Section, Span};
use crate::store::schema::{count_bytes_again, order_by_creation};

/// Removes the entries of the change log that the other database had no more, counts the bytes of every workspace again, for
/// versions that were removed there may still be here, and puts the artifacts in the order of their creation, which changes
/// don't have.
pub(super) fn settle(database: &mut dyn Rebuild) -> StoreResult<()> {
    if let Some(oldest) = database.row_of(Section::Counters, &Counter::OldestChange.of_all())? {
        let before = Span { first: Bound::Unbounded, last: Bound::Excluded(oldest), reverse: false };
        database.remove(Section::Changes, &before)?;
    }
    count_bytes_again(database)?;
    order_by_creation(database)
}
