//! Backups at the storage boundary, and the changes since one.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::StoreResult;
use crate::domain::LogPosition;

/// A copy of everything, and of what has changed.
#[async_trait]
pub trait Backups: Send + Sync {
    /// Everything as of the last commit. While it is read, what other writes replace takes up room as well. There is one
    /// at a time; another is [`StoreError::Overloaded`](super::StoreError::Overloaded).
    async fn backup(&self) -> StoreResult<Backup>;

    /// Whether this database was at a checkpoint, as far as its change log goes back.
    async fn has_passed(&self, checkpoint: Checkpoint) -> StoreResult<bool>;

    /// What takes a copy of this database from a checkpoint to the last commit: of every change after it, the entry in
    /// the change log and the rows that it is about, as they are now. Rows that no entry mentions are not in it: the
    /// answers to idempotency keys, and when an API key was last used.
    async fn changes_since(&self, checkpoint: Checkpoint) -> StoreResult<Since>;
}

/// How far a database has come, such that another database has not come there too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The position of the newest entry of the change log.
    pub position: LogPosition,
    /// What distinguishes that entry from the one that another database has there.
    pub mark: u32,
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:08x}", self.position, self.mark)
    }
}

impl FromStr for Checkpoint {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (position, mark) = text.split_once('.').ok_or(())?;
        let position = position.parse().map_err(drop)?;
        Ok(Self { position, mark: u32::from_str_radix(mark, 16).map_err(drop)? })
    }
}

/// What has happened since a checkpoint.
pub enum Since {
    /// Nothing.
    Nothing,
    /// These changes.
    Changes(Backup),
    /// The database knows nothing of that checkpoint: it has another history, such as one that was restored to an earlier
    /// moment, or the entry was removed from the change log.
    AnotherHistory,
}

/// A backup, or the changes since one, being made. Dropped, it is given up.
pub struct Backup {
    end: Checkpoint,
    pieces: mpsc::Receiver<StoreResult<Vec<u8>>>,
}

impl Backup {
    /// What consists of these pieces, and leads to this checkpoint.
    pub fn new(end: Checkpoint, pieces: mpsc::Receiver<StoreResult<Vec<u8>>>) -> Self {
        Self { end, pieces }
    }

    /// How far the database is that it leads to.
    pub fn end(&self) -> Checkpoint {
        self.end
    }

    /// The next piece; none when that was all. After an error, what came so far is of no use.
    pub async fn next(&mut self) -> Option<StoreResult<Vec<u8>>> {
        self.pieces.recv().await
    }
}
