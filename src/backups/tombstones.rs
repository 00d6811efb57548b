//! Who was deleted. A backup from before has them still; so this is kept beside the database, in the data directory of a node
//! alone and where several share it, and in the place of the backups beside these: whatever is restored loses them again.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use thiserror::Error;
use tokio::task::spawn_blocking;

use super::{Place, PlaceError};
use crate::domain::{Timestamp, UserId};
use crate::store::{Shared, SharedKind, SharedRows, StoreError};
use crate::whole_file;

/// What the object in a place is called.
const NAME: &str = "ghostworks.deleted-accounts";

/// That an account was deleted, or that it was brought back on purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// The account.
    pub account: UserId,
    /// When.
    pub at: Timestamp,
    /// Whether it is deleted. Else it was, and is to be there again.
    pub is_deleted: bool,
    /// Who got what nobody else owned.
    pub heir: Option<UserId>,
    /// The history of the database whose change log has no addresses of theirs.
    pub scrubbed: Option<String>,
}

/// What is known of each account.
type Known = BTreeMap<UserId, Tombstone>;

/// Why it is not known who was deleted, or was not noted.
#[derive(Debug, Error)]
pub enum TombstonesError {
    /// The file can't be used.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The database can't be used.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// All that are known here: in a file or where nodes share them, and in memory. Clones are the same.
#[derive(Clone)]
pub struct Tombstones {
    keeper: Keeper,
    known: Arc<Mutex<Known>>,
}

/// Where they are kept.
#[derive(Clone)]
enum Keeper {
    File(PathBuf),
    Shared(Arc<dyn Shared>),
}

impl Tombstones {
    /// Those in a file. One that is not there has none.
    pub fn open(path: PathBuf) -> io::Result<Self> {
        let known = match fs::read(&path) {
            Ok(bytes) => understood(&bytes).ok_or_else(senseless)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let known = known.into_iter().map(|tombstone| (tombstone.account, tombstone)).collect();
        Ok(Self { keeper: Keeper::File(path), known: Arc::new(Mutex::new(known)) })
    }

    /// Those that nodes share.
    pub async fn open_shared(shared: Arc<dyn Shared>) -> Result<Self, TombstonesError> {
        let tombstones = Self { keeper: Keeper::Shared(shared), known: Arc::default() };
        tombstones.refresh().await?;
        Ok(tombstones)
    }

    /// Learns what other nodes have noted since.
    pub async fn refresh(&self) -> Result<(), TombstonesError> {
        if let Keeper::Shared(shared) = &self.keeper {
            let (rows, _) = shared.shared(SharedKind::Deleted).await?;
            *self.locked() = known_in(&rows)?;
        }
        Ok(())
    }

    /// Whether an account was deleted.
    pub fn has(&self, account: UserId) -> bool {
        self.locked().get(&account).is_some_and(|tombstone| tombstone.is_deleted)
    }

    /// Those of accounts that were deleted.
    pub fn deleted(&self) -> Vec<Tombstone> {
        self.locked().values().filter(|tombstone| tombstone.is_deleted).cloned().collect()
    }

    /// All, of those who are to be there again, too.
    pub fn all(&self) -> Vec<Tombstone> {
        self.locked().values().cloned().collect()
    }

    /// Notes one, in the place of what was known of the account. It lasts when this returns.
    pub async fn note(&self, tombstone: Tombstone) -> Result<(), TombstonesError> {
        self.change(move |known| drop(known.insert(tombstone.account, tombstone))).await
    }

    /// Notes others: of each account, the latest is believed.
    pub async fn merge(&self, others: Vec<Tombstone>) -> Result<(), TombstonesError> {
        // Mostly there is nothing new, and then nothing is asked of a disk or a database.
        let is_new = |other: &Tombstone| self.locked().get(&other.account).is_none_or(|it| it.at < other.at);
        if !others.iter().any(is_new) {
            return Ok(());
        }
        self.change(move |known| others.into_iter().for_each(|other| add(known, other))).await
    }

    async fn change(&self, change: impl FnOnce(&mut Known) + Send + 'static) -> Result<(), TombstonesError> {
        match &self.keeper {
            Keeper::File(path) => {
                let (path, tombstones) = (path.clone(), self.clone());
                let written = spawn_blocking(move || tombstones.change_file(&path, change)).await;
                Ok(written.map_err(io::Error::other)??)
            }
            Keeper::Shared(shared) => {
                let change = Box::new(|rows: &mut SharedRows, _: Timestamp| {
                    let Ok(mut known) = known_in(rows) else { return };
                    change(&mut known);
                    *rows = known.values().map(|it| (it.account.to_bytes().to_vec(), written([it]))).collect();
                });
                let rows = shared.change_shared(SharedKind::Deleted, change).await?;
                *self.locked() = known_in(&rows)?;
                Ok(())
            }
        }
    }

    fn change_file(&self, path: &Path, change: impl FnOnce(&mut Known)) -> io::Result<()> {
        let mut known = self.locked();
        let mut changed = known.clone();
        change(&mut changed);
        if changed == *known {
            return Ok(());
        }
        whole_file::write(path, &written(changed.values()))?;
        *known = changed;
        Ok(())
    }

    fn locked(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What rows that nodes share say.
fn known_in(rows: &SharedRows) -> io::Result<Known> {
    let all = rows.values().map(|row| understood(row).ok_or_else(senseless)).collect::<io::Result<Vec<_>>>()?;
    Ok(all.into_iter().flatten().map(|tombstone| (tombstone.account, tombstone)).collect())
}

fn senseless() -> io::Error {
    io::Error::other("it makes no sense")
}

impl Place {
    /// Who was deleted, as far as is known there.
    pub async fn tombstones(&self) -> Result<Vec<Tombstone>, PlaceError> {
        let Some(bytes) = self.read(NAME).await? else { return Ok(Vec::new()) };
        understood(&bytes).ok_or(PlaceError::UnreadableTombstones(NAME))
    }

    /// Has these known there, too. What was there already stays, unless one of these is later.
    pub async fn keep_tombstones(&self, own: &[Tombstone]) -> Result<(), PlaceError> {
        let there = self.tombstones().await?;
        let mut all: BTreeMap<UserId, Tombstone> = there.iter().map(|it| (it.account, it.clone())).collect();
        own.iter().cloned().for_each(|tombstone| add(&mut all, tombstone));
        let all: Vec<Tombstone> = all.into_values().collect();
        if all == there { Ok(()) } else { self.replace(NAME, written(&all)).await }
    }
}

/// Adds one, unless something as late is known.
fn add(known: &mut BTreeMap<UserId, Tombstone>, tombstone: Tombstone) {
    if known.get(&tombstone.account).is_none_or(|it| it.at < tombstone.at) {
        known.insert(tombstone.account, tombstone);
    }
}

fn understood(bytes: &[u8]) -> Option<Vec<Tombstone>> {
    serde_json::from_slice(bytes).ok()
}

fn written<'a>(tombstones: impl IntoIterator<Item = &'a Tombstone>) -> Vec<u8> {
    let all: Vec<&Tombstone> = tombstones.into_iter().collect();
    let mut text = serde_json::to_string_pretty(&all).unwrap_or_default();
    text.push('\n');
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tombstone(account: u8, second: i64, is_deleted: bool) -> Tombstone {
        let at = Timestamp::from_second(1_795_000_000 + second).unwrap();
        Tombstone { account: UserId::from_bytes([account; 16]), at, is_deleted, heir: None, scrubbed: None }
    }

    #[tokio::test]
    async fn they_are_read_as_they_were_written_and_the_latest_is_believed() {
        let path = std::env::temp_dir().join(format!("ghostworks-tombstones-{}", std::process::id()));
        let tombstones = Tombstones::open(path.clone()).unwrap();
        tombstones.note(tombstone(1, 10, true)).await.unwrap();
        tombstones.note(tombstone(2, 10, true)).await.unwrap();
        let others = vec![tombstone(1, 9, false), tombstone(2, 11, false), tombstone(3, 1, true)];
        tombstones.merge(others).await.unwrap();
        let read = Tombstones::open(path.clone()).unwrap();
        fs::remove_file(&path).unwrap();
        let there: Vec<bool> = (1..=3).map(|account| read.has(UserId::from_bytes([account; 16]))).collect();
        assert_eq!(there, [true, false, true]);
        assert_eq!(read.deleted(), tombstones.deleted());
    }
}
