//! Why the index can't be brought up to date.

use crate::followers::Failure;
use crate::search::SearchError;
use crate::store::StoreError;

/// The store can't be read.
pub(super) fn unread(error: StoreError) -> Failure {
    Failure::new("the database can't be read for the search index", error)
}

/// The index can't be written.
pub(super) fn unwritten(error: SearchError) -> Failure {
    Failure::new("the search index can't be written", error)
}
