//! What housekeeping finds to remove, a batch at a time.

use crate::store::engine::RowCount;

/// How many workspaces are swept at once: an engine may have them share a commit.
pub(super) const AT_ONCE: usize = 32;

/// What was seen of a table, of which old rows are to be removed.
pub(super) struct ExpiredBatch<P> {
    pub rows: usize,
    /// The places of those that are old.
    pub old: Vec<P>,
    /// Where to go on.
    pub next: Option<P>,
}

impl<P> RowCount for ExpiredBatch<P> {
    fn rows(&self) -> usize {
        self.rows
    }
}
