//! What errors of the client come from.

use std::error::Error as _;

use tokio_postgres::Error;

/// An error with what it comes from. That of the client says little of it by itself.
pub(super) fn with_causes(error: &Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
