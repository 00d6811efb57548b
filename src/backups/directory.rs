//! A directory that backups are kept in.

use std::collections::BTreeMap;
use std::io;
use std::io::Write as _;
use std::path::PathBuf;

use tokio::fs;
use tokio::io::AsyncWriteExt as _;
use tokio::task::spawn_blocking;

use super::PlaceError;
use super::name::is_of_changes;
use crate::domain::{Entropy, SystemEntropy, push_hex};
use crate::store::Backup;
use crate::whole_file::WholeFile;

/// What every backup is called until it is whole: one that a process left behind is overwritten by the next.
const UNFINISHED: &str = "ghostworks.backup.partial";
/// The same for changes, which are kept beside a backup that is being made.
const UNFINISHED_CHANGES: &str = "ghostworks.changes.partial";

/// What a small object is called until it is whole.
const UNFINISHED_OBJECT: &str = "ghostworks.object.partial";

/// A directory, made when it is needed.
pub struct Directory(PathBuf);

impl Directory {
    /// The directory of this path.
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) async fn keep(&self, name: &str, mut backup: Backup) -> Result<u64, PlaceError> {
        self.make().await?;
        let unfinished = if is_of_changes(name) { UNFINISHED_CHANGES } else { UNFINISHED };
        let (partial, path) = (self.0.join(unfinished), self.0.join(name));
        let (claim, file) =
            spawn_blocking(move || WholeFile::create_at(partial, &path)).await.map_err(io::Error::from)??;
        let (mut file, mut bytes) = (fs::File::from_std(file), 0);
        while let Some(piece) = backup.next().await {
            let piece = piece?;
            file.write_all(&piece).await?;
            bytes += piece.len() as u64;
        }
        file.flush().await?;
        file.sync_all().await?;
        spawn_blocking(move || claim.keep()).await.map_err(io::Error::from)??;
        Ok(bytes)
    }

    pub(super) async fn list(&self) -> io::Result<BTreeMap<String, u64>> {
        let mut entries = match fs::read_dir(&self.0).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            entries => entries?,
        };
        let mut sizes = BTreeMap::new();
        while let Some(entry) = entries.next_entry().await? {
            // A file that was removed in the meantime is not there.
            if let (Ok(name), Ok(file)) = (entry.file_name().into_string(), entry.metadata().await) {
                sizes.insert(name, file.len());
            }
        }
        Ok(sizes)
    }

    pub(super) async fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.0.join(name)).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            bytes => bytes.map(Some),
        }
    }

    pub(super) async fn create(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let claim = self.write_object(name, bytes).await?;
        // A link, other than a rename, takes no other's place; and the file is whole.
        match fs::hard_link(claim.partial(), self.0.join(name)).await {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => fs::File::open(&self.0).await?.sync_all().await,
        }
    }

    pub(super) async fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let claim = self.write_object(name, bytes).await?;
        spawn_blocking(move || claim.keep()).await?
    }

    /// Writes a small object, which has its name only when it is kept. Until then it has one that no other program uses.
    async fn write_object(&self, name: &str, bytes: &[u8]) -> io::Result<WholeFile> {
        self.make().await?;
        let mut partial = format!("{UNFINISHED_OBJECT}.");
        push_hex(&mut partial, &(&SystemEntropy as &dyn Entropy).bytes::<8>());
        let partial = self.0.join(partial);
        let (path, bytes) = (self.0.join(name), bytes.to_vec());
        let write = move || {
            let (claim, mut file) = WholeFile::create_at(partial, &path)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            Ok(claim)
        };
        spawn_blocking(write).await?
    }

    async fn make(&self) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0).await
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(super) async fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.0.join(name)).await
    }
}
