//! A file that is there under its name when it is whole, on disk, and for its owner alone.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// The claim to a name. Dropped before it is kept, nothing is left.
pub struct WholeFile {
    partial: PathBuf,
    path: PathBuf,
    is_kept: bool,
}

impl WholeFile {
    /// An empty file to write to, called `path` with `.partial` at its end, and the claim to the name it will have.
    pub fn create(path: &Path) -> io::Result<(Self, File)> {
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        Self::create_at(partial.into(), path)
    }

    /// The same, with another name until then; a file that has it is overwritten. Only its owner may read it: what
    /// backups have in them is nobody else's business.
    pub fn create_at(partial: PathBuf, path: &Path) -> io::Result<(Self, File)> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
        Ok((Self { partial, path: path.to_owned(), is_kept: false }, file))
    }

    /// Where the file is until it is kept.
    pub fn partial(&self) -> &Path {
        &self.partial
    }

    /// Gives the file its name. Its content must be on disk: see [`File::sync_all`].
    pub fn keep(mut self) -> io::Result<()> {
        fs::rename(&self.partial, &self.path)?;
        self.is_kept = true;
        let directory = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        if !self.is_kept {
            // What went wrong is more worth telling than that something was left behind.
            drop(fs::remove_file(&self.partial));
        }
    }
}
