//! Cursors of lists of requests: each is good for the whole server, or for one workspace.

use super::cursor::{self, NO_WORKSPACE};
use crate::domain::TenantId;
use crate::service::CursorKey;
use crate::telemetry::recorder::RecordKey;

/// What cursors call this list.
const LIST: &str = "traces";

/// The cursor of a place in the list.
pub(crate) fn encode(key: &CursorKey, place: RecordKey, tenant: Option<TenantId>) -> Option<String> {
    cursor::encode(key, LIST, tenant.unwrap_or(NO_WORKSPACE), &place)
}

/// The place that a cursor of this list stands for.
pub(crate) fn place(key: &CursorKey, text: &str, tenant: Option<TenantId>) -> Result<RecordKey, String> {
    cursor::decode(key, text, LIST, tenant.unwrap_or(NO_WORKSPACE))
}
