//! A file that is there under its name when it is whole, on disk, and for its owner alone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
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
        Self::create_at(partial(path), path)
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

/// Writes a small file, over the one that was there: after a crash there is the one or the other.
pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    // What is left of an earlier one may be readable by others.
    drop(fs::remove_file(partial(path)));
    let (claim, mut file) = WholeFile::create(path)?;
    file.write_all(content)?;
    file.sync_all()?;
    claim.keep()
}

fn partial(path: &Path) -> PathBuf {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    partial.into()
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        if !self.is_kept {
            // What went wrong is more worth telling than that something was left behind.
            drop(fs::remove_file(&self.partial));
        }
    }
}
