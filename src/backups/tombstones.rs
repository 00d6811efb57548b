//! Who was deleted. A backup from before has them still; so this is kept beside the database, and in the place of the
//! backups beside these, and whatever is restored loses them again.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::{Place, PlaceError};
use crate::domain::{Timestamp, UserId};
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

/// All that are known here: in a file, and in memory.
pub struct Tombstones {
    path: PathBuf,
    known: Mutex<BTreeMap<UserId, Tombstone>>,
}

impl Tombstones {
    /// Those in a file. One that is not there has none.
    pub fn open(path: PathBuf) -> io::Result<Self> {
        let known = match fs::read(&path) {
            Ok(bytes) => understood(&bytes).ok_or_else(|| io::Error::other("it makes no sense"))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let known = known.into_iter().map(|tombstone| (tombstone.account, tombstone)).collect();
        Ok(Self { path, known: Mutex::new(known) })
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

    /// Notes one, in the place of what was known of the account. It is on disk when this returns.
    pub fn note(&self, tombstone: Tombstone) -> io::Result<()> {
        self.change(|known| drop(known.insert(tombstone.account, tombstone)))
    }

    /// Notes others: of each account, the latest is believed.
    pub fn merge(&self, others: Vec<Tombstone>) -> io::Result<()> {
        self.change(|known| others.into_iter().for_each(|other| add(known, other)))
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<UserId, Tombstone>)) -> io::Result<()> {
        let mut known = self.locked();
        let mut changed = known.clone();
        change(&mut changed);
        if changed == *known {
            return Ok(());
        }
        whole_file::write(&self.path, &written(changed.values()))?;
        *known = changed;
        Ok(())
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<UserId, Tombstone>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
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

    #[test]
    fn they_are_read_as_they_were_written_and_the_latest_is_believed() {
        let path = std::env::temp_dir().join(format!("ghostworks-tombstones-{}", std::process::id()));
        let tombstones = Tombstones::open(path.clone()).unwrap();
        tombstones.note(tombstone(1, 10, true)).unwrap();
        tombstones.note(tombstone(2, 10, true)).unwrap();
        tombstones.merge(vec![tombstone(1, 9, false), tombstone(2, 11, false), tombstone(3, 1, true)]).unwrap();
        let read = Tombstones::open(path.clone()).unwrap();
        fs::remove_file(&path).unwrap();
        let there: Vec<bool> = (1..=3).map(|account| read.has(UserId::from_bytes([account; 16]))).collect();
        assert_eq!(there, [true, false, true]);
        assert_eq!(read.deleted(), tombstones.deleted());
    }
}
