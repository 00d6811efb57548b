//! Files in the data directory: for their owner alone, and put in the place of others in one step.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// For a file that is made if it is not there, and that only its owner may read.
pub(super) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Renames a new file over the one before, for good.
pub(super) fn put_in_place(directory: &Path, new: &Path, path: &Path) -> io::Result<()> {
    File::open(new)?.sync_all()?;
    fs::rename(new, path)?;
    File::open(directory)?.sync_all()
}
