//! A directory that backups are kept in.

use std::io;
use std::path::PathBuf;

use tokio::fs;
use tokio::io::AsyncWriteExt as _;

use super::PlaceError;
use super::name::is_of_changes;
use super::whole_file::WholeFile;
use crate::store::Backup;

/// What every backup is called until it is whole: one that a process left behind is overwritten by the next.
const UNFINISHED: &str = "ghostworks.backup.partial";
/// The same for changes, which are kept beside a backup that is being made.
const UNFINISHED_CHANGES: &str = "ghostworks.changes.partial";

/// A directory, made when it is needed.
pub struct Directory(PathBuf);

impl Directory {
    /// The directory of this path.
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) async fn keep(&self, name: &str, mut backup: Backup) -> Result<u64, PlaceError> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0).await?;
        let unfinished = if is_of_changes(name) { UNFINISHED_CHANGES } else { UNFINISHED };
        let (claim, file) = WholeFile::create_at(self.0.join(unfinished), &self.0.join(name))?;
        let (mut file, mut bytes) = (fs::File::from_std(file), 0);
        while let Some(piece) = backup.next().await {
            let piece = piece?;
            file.write_all(&piece).await?;
            bytes += piece.len() as u64;
        }
        file.flush().await?;
        file.sync_all().await?;
        claim.keep()?;
        Ok(bytes)
    }

    pub(super) async fn names(&self) -> io::Result<Vec<String>> {
        let mut entries = match fs::read_dir(&self.0).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        while let Some(entry) = entries.next_entry().await? {
            names.extend(entry.file_name().into_string());
        }
        Ok(names)
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(super) async fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.0.join(name)).await
    }
}
