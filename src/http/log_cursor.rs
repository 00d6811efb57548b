//! Cursors of the list of log lines.

use super::cursor::{self, NO_WORKSPACE};
use crate::service::CursorKey;

/// What cursors call this list.
const LIST: &str = "log";

/// The cursor of a place in the list.
pub(crate) fn encode(key: &CursorKey, place: u64) -> Option<String> {
    cursor::encode(key, LIST, NO_WORKSPACE, &place)
}

/// The place that a cursor of this list stands for.
pub(crate) fn place(key: &CursorKey, text: &str) -> Result<u64, String> {
    cursor::decode(key, text, LIST, NO_WORKSPACE)
}
