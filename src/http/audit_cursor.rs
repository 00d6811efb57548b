//! Cursors of the audit view of a workspace.

use super::cursor;
use crate::domain::{LogPlace, TenantId};
use crate::service::CursorKey;

/// What cursors call this list.
const LIST: &str = "audit";

/// The cursor of a place in the list.
pub(crate) fn encode(key: &CursorKey, place: &LogPlace, tenant: TenantId) -> Option<String> {
    cursor::encode(key, LIST, tenant, place)
}

/// The place that a cursor of this list stands for.
pub(crate) fn place(key: &CursorKey, text: &str, tenant: TenantId) -> Result<LogPlace, String> {
    cursor::decode(key, text, LIST, tenant)
}
