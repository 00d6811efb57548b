//! What a commit of the index says of itself, beside its segments.

use super::schema::VERSION;
use crate::domain::HistoryId;

/// What a commit says of itself: the version, the history, and how far it reached if it is complete.
pub(super) fn payload(history: HistoryId, reached: Option<u64>) -> String {
    let reached = reached.map(|reached| reached.to_string()).unwrap_or_default();
    format!("{VERSION} {history} {reached}")
}

/// How far a commit of this version and history reached, if it was complete.
pub(super) fn read_payload(payload: &str, history: HistoryId) -> Option<u64> {
    let own = format!("{VERSION} {history} ");
    payload.strip_prefix(&own)?.parse().ok()
}
