//! Backups at the storage boundary, and the changes since one.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::StoreResult;

/// A copy of everything, and of what has changed.
#[async_trait]
pub trait Backups: Send + Sync {
    /// Everything as of the last commit. While it is read, what other writes replace takes up room as well. There is one
    /// at a time; another is [`StoreError::Overloaded`](super::StoreError::Overloaded).
    async fn backup(&self) -> StoreResult<Backup>;

    /// Whether this database was at a position, as far as its change log goes back.
    async fn has_passed(&self, position: Position) -> StoreResult<bool>;

    /// What takes a copy of this database from a position to the last commit: of every change after it, the entry in
    /// the change log and the rows that it is about, as they are now. Rows that no entry mentions are not in it: the
    /// answers to idempotency keys, and when an API key was last used.
    async fn changes_since(&self, position: Position) -> StoreResult<Since>;
}

/// How far a database has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The position of the newest entry of the change log; 0 when there is none.
    pub seq: u64,
    /// What distinguishes that entry from the one that another database has there.
    pub mark: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:08x}", self.seq, self.mark)
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (seq, mark) = text.split_once('.').ok_or(())?;
        let seq = seq.parse().map_err(drop)?;
        Ok(Self { seq, mark: u32::from_str_radix(mark, 16).map_err(drop)? })
    }
}

/// What has happened since a position.
pub enum Since {
    /// Nothing.
    Nothing,
    /// These changes.
    Changes(Backup),
    /// The database knows nothing of that position: it has another history, such as one that was restored to an earlier
    /// moment, or the entry was removed from the change log.
    AnotherHistory,
}

/// A backup, or the changes since one, being made. Dropped, it is given up.
pub struct Backup {
    position: Position,
    pieces: mpsc::Receiver<StoreResult<Vec<u8>>>,
}

impl Backup {
    /// What consists of these pieces, and leads to this position.
    pub fn new(position: Position, pieces: mpsc::Receiver<StoreResult<Vec<u8>>>) -> Self {
        Self { position, pieces }
    }

    /// How far the database is that it leads to.
    pub fn position(&self) -> Position {
        self.position
    }

    /// The next piece; none when that was all. After an error, what came so far is of no use.
    pub async fn next(&mut self) -> Option<StoreResult<Vec<u8>>> {
        self.pieces.recv().await
    }
}
