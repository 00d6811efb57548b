//! Sets right what is derived from rows: what depends on some that were removed because they were old, of which the change
//! log says nothing, and the order of creation.

use std::ops::Bound;

use crate::store::StoreResult;
use crate::store::engine::{Counter, Rebuild, Section, Span, Table, swapped};
use crate::store::reading::Reading as _;
use crate::store::schema::{count_bytes_again, order_by_creation};

/// Removes the entries of the change log that the other database had no more, counts the bytes of every workspace again, for
/// versions that were removed there may still be here, and puts the artifacts in the order of their creation, which changes
/// don't have. Memberships of a former workspace of the same id are forgotten.
pub(super) fn settle(database: &mut dyn Rebuild) -> StoreResult<()> {
    if let Some(oldest) = database.row_of(Section::Counters, &Counter::OldestChange.of_all())? {
        let before = Span { first: Bound::Unbounded, last: Bound::Excluded(oldest), reverse: false };
        database.remove(Section::Changes, &before)?;
    }
    forget_memberships(database)?;
    count_bytes_again(database)?;
    order_by_creation(database)
}

/// Removes what leads from an account to a workspace that it is no member of.
fn forget_memberships(database: &mut dyn Rebuild) -> StoreResult<()> {
    let by_user = Section::Rows(Table::MembershipsByUser);
    let mut gone = Vec::new();
    let mut cursor = database.section(by_user, &Span::all())?;
    while cursor.advance()? {
        if !database.has(Table::Members, &swapped(cursor.key()))? {
            gone.push(cursor.key().to_vec());
        }
    }
    drop(cursor);
    gone.iter().filter_map(|key| by_user.under(key)).try_for_each(|only| database.remove(by_user, &only))
}
