//! What the texts in a row stand for.

use uuid::Uuid;

use super::source::Row;
use crate::domain::Timestamp;

/// Why a row is skipped whose [`id`] is none.
pub(super) const NO_ID: &str = "its id is no UUID, or the nil UUID";

/// An id; none if it is no UUID, or the nil UUID, which stands for nobody here.
pub(super) fn id<Id: From<Uuid>>(text: &str) -> Option<Id> {
    Uuid::try_parse(text.trim()).ok().filter(|id| !id.is_nil()).map(Id::from)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TenantId;

    #[test]
    fn nobody_has_the_nil_id() {
        assert!(id::<TenantId>(" 00000000-0000-0000-0000-000000000005 ").is_some());
        assert_eq!(id::<TenantId>("00000000-0000-0000-0000-000000000000"), None);
        assert_eq!(id::<TenantId>("5"), None);
    }
}
