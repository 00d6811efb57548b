//! What was taken over before, and how it was left here: so that a later run sees what has changed there since, and does not
//! touch what has changed here. A file beside the database, in no backup: without it, what differs is left as it is here.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use redb::backends::InMemoryBackend;
use redb::{Builder, Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::MovingError;

/// The file in the data directory.
const FILE: &str = "moved-over.redb";
const TABLE: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("moved_over");
/// Of the number of the last run.
const RUN: &[u8] = &[0];
/// It is small, and read once.
const CACHE_BYTES: usize = 16 << 20;
/// How many are looked through at once.
const AT_ONCE: usize = 1000;

/// What a note is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    User = 1,
    Tenant = 2,
    Membership = 3,
    Artifact = 4,
}

/// Which row a note is about.
pub(super) type Key = Vec<u8>;

/// The key of a row, under what it belongs to.
pub(super) fn key(kind: Kind, ids: &[[u8; 16]]) -> Key {
    let mut key = vec![kind as u8];
    ids.iter().for_each(|id| key.extend_from_slice(id));
    key
}

/// What is known of a row that was taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Note {
    /// How it was left here.
    pub state: [u8; 32],
    /// What it had there that becomes something else here: a password's hash, a slug.
    pub origin: [u8; 32],
    /// When it had changed last, as it was left here.
    pub updated_at: i64,
}

impl Note {
    const LEN: usize = 80;

    fn to_bytes(self, run: u64) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..8].copy_from_slice(&run.to_be_bytes());
        bytes[8..40].copy_from_slice(&self.state);
        bytes[40..72].copy_from_slice(&self.origin);
        bytes[72..].copy_from_slice(&self.updated_at.to_be_bytes());
        bytes
    }

    /// A note, and the run that saw its row last.
    fn from_bytes(bytes: &[u8]) -> Option<(u64, Self)> {
        let (run, rest) = bytes.split_first_chunk::<8>()?;
        let (state, rest) = rest.split_first_chunk::<32>()?;
        let (origin, rest) = rest.split_first_chunk::<32>()?;
        let updated_at = i64::from_be_bytes(rest.try_into().ok()?);
        Some((u64::from_be_bytes(*run), Self { state: *state, origin: *origin, updated_at }))
    }
}

/// The last row that was looked at, and those that this run has not seen.
pub(super) type Unseen = (Key, Vec<(Key, Note)>);

/// The last row of some, and all of them, each with the run that saw it last.
type Batch = (Key, Vec<(Key, u64, Note)>);

/// What differs when a value differs.
pub(super) fn digest(value: &impl Serialize) -> [u8; 32] {
    Sha256::digest(serde_json::to_vec(value).unwrap_or_default()).into()
}

/// The notes.
pub(super) struct Notes {
    database: Database,
    path: PathBuf,
    /// The number of this run.
    run: u64,
}

impl Notes {
    /// The notes in a data directory. In a dry run, a copy in memory.
    pub fn open(data_dir: &Path, is_dry_run: bool) -> Result<Self, MovingError> {
        let path = data_dir.join(FILE);
        let failed = |cause: &dyn Display| MovingError::Notes { path: path.clone(), cause: cause.to_string() };
        let builder = || {
            let mut builder = Builder::new();
            builder.set_cache_size(CACHE_BYTES);
            builder
        };
        let database = match (is_dry_run, path.exists()) {
            (false, _) => builder().create(&path).map_err(|error| failed(&error))?,
            (true, there) => {
                let copy = builder().create_with_backend(InMemoryBackend::new()).map_err(|error| failed(&error))?;
                if there {
                    let original = builder().open(&path).map_err(|error| failed(&error))?;
                    copy_all(&original, &copy).map_err(|error| failed(&error))?;
                }
                copy
            }
        };
        let mut notes = Self { database, path, run: 0 };
        notes.run = notes.begin_run()?;
        Ok(notes)
    }

    fn begin_run(&self) -> Result<u64, MovingError> {
        let begin = || {
            let txn = self.database.begin_write()?;
            let run = {
                let mut table = txn.open_table(TABLE)?;
                let last = table.get(RUN)?.and_then(|row| row.value().try_into().ok().map(u64::from_be_bytes));
                let run = last.unwrap_or_default() + 1;
                table.insert(RUN, run.to_be_bytes().as_slice())?;
                run
            };
            txn.commit()?;
            Ok(run)
        };
        begin().map_err(|error: redb::Error| self.failed(&error))
    }

    /// The note on a row, if there is one.
    pub fn get(&self, key: &Key) -> Result<Option<Note>, MovingError> {
        let get = || {
            let table = self.database.begin_read()?.open_table(TABLE)?;
            let row = table.get(key.as_slice())?;
            Ok(row.and_then(|row| Note::from_bytes(row.value())).map(|(_, note)| note))
        };
        get().map_err(|error: redb::Error| self.failed(&error))
    }

    /// Notes how rows were left, which this run has seen.
    pub fn put(&self, notes: &[(Key, Note)]) -> Result<(), MovingError> {
        let put = || {
            let txn = self.database.begin_write()?;
            {
                let mut table = txn.open_table(TABLE)?;
                for (key, note) in notes {
                    table.insert(key.as_slice(), note.to_bytes(self.run).as_slice())?;
                }
            }
            txn.commit()?;
            Ok(())
        };
        put().map_err(|error: redb::Error| self.failed(&error))
    }

    /// How many rows of a kind this run has seen, and how many not.
    pub fn seen(&self, kind: Kind) -> Result<(u64, u64), MovingError> {
        let (mut seen, mut unseen, mut after) = (0, 0, None);
        while let Some((last, batch)) = self.batch(kind, after.as_ref())? {
            let missing = batch.iter().filter(|(_, run, _)| *run != self.run).count() as u64;
            (seen, unseen, after) = (seen + batch.len() as u64 - missing, unseen + missing, Some(last));
        }
        Ok((seen, unseen))
    }

    /// The next rows of a kind after one that this run has not seen, and the last row that was looked at; nothing at the end.
    pub fn unseen(&self, kind: Kind, after: Option<&Key>) -> Result<Option<Unseen>, MovingError> {
        let batch = self.batch(kind, after)?;
        Ok(batch.map(|(last, batch)| {
            let unseen = batch.into_iter().filter(|(_, run, _)| *run != self.run);
            (last, unseen.map(|(key, _, note)| (key, note)).collect())
        }))
    }

    fn batch(&self, kind: Kind, after: Option<&Key>) -> Result<Option<Batch>, MovingError> {
        let read = || {
            let table = self.database.begin_read()?.open_table(TABLE)?;
            // A zero at its end is the least that is greater.
            let first = after.map_or_else(|| vec![kind as u8], |after| [after.as_slice(), &[0]].concat());
            let (end, mut batch) = ([kind as u8 + 1], Vec::new());
            for row in table.range(first.as_slice()..&end[..])?.take(AT_ONCE) {
                let (key, row) = row?;
                let Some((run, note)) = Note::from_bytes(row.value()) else { continue };
                batch.push((key.value().to_vec(), run, note));
            }
            Ok(batch.last().map(|(key, _, _)| key.clone()).map(|last| (last, batch)))
        };
        read().map_err(|error: redb::Error| self.failed(&error))
    }

    fn failed(&self, error: &redb::Error) -> MovingError {
        MovingError::Notes { path: self.path.clone(), cause: error.to_string() }
    }
}

fn copy_all(from: &Database, to: &Database) -> Result<(), redb::Error> {
    let table = match from.begin_read()?.open_table(TABLE) {
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(()),
        table => table?,
    };
    let txn = to.begin_write()?;
    {
        let mut copy = txn.open_table(TABLE)?;
        for row in table.iter()? {
            let (key, row) = row?;
            copy.insert(key.value(), row.value())?;
        }
    }
    Ok(txn.commit()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_run_has_not_seen_is_known_and_a_dry_run_changes_nothing() {
        let directory = tempfile::tempdir().expect("a directory");
        let note = |byte| Note { state: [byte; 32], origin: [0; 32], updated_at: 7 };
        let [one, two] = [1, 2].map(|byte| key(Kind::Artifact, &[[9; 16], [byte; 16]]));
        let first = Notes::open(directory.path(), false).expect("notes");
        first.put(&[(one.clone(), note(1)), (two.clone(), note(2))]).expect("noted");
        assert_eq!(first.seen(Kind::Artifact).expect("counts"), (2, 0));
        drop(first);
        let dry_run = Notes::open(directory.path(), true).expect("notes");
        dry_run.put(&[(one.clone(), note(3))]).expect("noted");
        assert_eq!(dry_run.seen(Kind::Artifact).expect("counts"), (1, 1));
        assert_eq!(dry_run.seen(Kind::Membership).expect("counts"), (0, 0));
        drop(dry_run);
        let second = Notes::open(directory.path(), false).expect("notes");
        assert_eq!(second.get(&one).expect("a note"), Some(note(1)));
        second.put(&[(one, note(1))]).expect("noted");
        let (last, unseen) = second.unseen(Kind::Artifact, None).expect("notes").expect("some");
        assert_eq!(unseen, [(two, note(2))]);
        assert_eq!(second.unseen(Kind::Artifact, Some(&last)).expect("notes"), None);
    }
}
