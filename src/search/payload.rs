//! What a commit of the index says of itself, beside its segments.

use super::schema::VERSION;
use crate::domain::{HistoryId, LogPosition, NameKey};

/// What a commit says of itself: the versions of the schema and of the order of names, the history, and how far it reached if it is complete.
pub(super) fn payload(history: HistoryId, reached: Option<LogPosition>) -> String {
    let reached = reached.map(|reached| reached.to_string()).unwrap_or_default();
    format!("{} {reached}", beginning(history))
}

/// How far a commit of this version and history reached, if it was complete.
pub(super) fn read_payload(payload: &str, history: HistoryId) -> Option<LogPosition> {
    payload.strip_prefix(&beginning(history))?.strip_prefix(' ')?.parse().ok()
}

fn beginning(history: HistoryId) -> String {
    format!("{VERSION}.{} {history}", NameKey::VERSION)
}
