//! Disks that fail when a test wants them to.

use super::index::SearchIndex;

impl SearchIndex {
    /// After this number of writes of index files, the next one fails once, as on a full disk. None ends that.
    pub(crate) fn fail_after(&self, writes: Option<usize>) {
        self.opened().directory.fail_after(writes);
    }
}
