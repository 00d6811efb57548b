//! A directory for copies that are read once.

use std::fs;
use std::path::PathBuf;

/// Where copies from elsewhere are until they are read, in the data directory.
pub(super) const SCRATCH: &str = "ghostworks.restoring";

/// A directory that is removed in the end, if it was made.
pub(super) struct Scratch(pub PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // What was restored, or why not, is more worth telling than that something was left behind.
        drop(fs::remove_dir_all(&self.0));
    }
}
