//! What the texts in a row stand for.

use uuid::Uuid;

use super::source::Row;
use crate::domain::Timestamp;

/// An id; none if it is no UUID.
pub(super) fn id<Id: From<Uuid>>(text: &str) -> Option<Id> {
    Uuid::try_parse(text.trim()).ok().map(Id::from)
}

/// Whether something holds; what is not said is taken for `default`.
pub(super) fn flag(text: Option<&str>, default: bool) -> bool {
    text.map_or(default, |text| matches!(text, "t" | "true" | "1"))
}

/// When a row was made, and when it last changed; what it does not say is taken from the other, or else from `now`.
pub(super) fn times(row: &Row, now: Timestamp) -> (Timestamp, Timestamp) {
    let time = |column| Timestamp::from_microsecond(row.get(column)?.parse().ok()?).ok();
    let (created, updated) = (time("created_at"), time("updated_at"));
    let created_at = created.or(updated).unwrap_or(now);
    (created_at, updated.unwrap_or(created_at).max(created_at))
}
