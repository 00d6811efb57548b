//! Backups at the storage boundary.

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::StoreResult;

/// A copy of everything.
#[async_trait]
pub trait Backups: Send + Sync {
    /// Everything as of the last commit. While it is read, what other writes replace takes up room as well. There is one
    /// at a time; another is [`StoreError::Overloaded`](super::StoreError::Overloaded).
    async fn backup(&self) -> StoreResult<Backup>;
}

/// A backup that is being made. Dropped, it is given up.
pub struct Backup {
    pieces: mpsc::Receiver<StoreResult<Vec<u8>>>,
}

impl Backup {
    /// A backup that consists of these pieces.
    pub fn new(pieces: mpsc::Receiver<StoreResult<Vec<u8>>>) -> Self {
        Self { pieces }
    }

    /// The next piece; none when that was all. After an error, what came so far is no backup.
    pub async fn next(&mut self) -> Option<StoreResult<Vec<u8>>> {
        self.pieces.recv().await
    }
}
