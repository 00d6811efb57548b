//! Rows that nearly every request asks for, remembered outside the database until they are rewritten.
//!
//! A reader notes the generation of a row's shard before it loads a snapshot, and remembers what it read under that
//! generation; the writer begins a new one for every row it rewrote, after it published the commit and before it
//! answers. So what is remembered from before a write is never given to anyone who was answered after it.

use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::sync::Cache;

use crate::domain::{Membership, Session};
use crate::store::StoreResult;
use crate::store::engine::{Table, second_of};

/// How many rows of each kind are remembered.
const CAPACITY: usize = 10_000;
/// Rows that share a generation: a rewritten one makes its whole shard be read again.
const SHARDS: usize = 4096;

type Key = [u8; 32];

/// What is remembered of a store.
pub(super) struct Remembered {
    /// By user and session.
    pub sessions: RememberedRows<Session>,
    /// By tenant and user.
    pub members: RememberedRows<Membership>,
}

/// The keys of remembered rows that a group of writes rewrote.
#[derive(Default)]
pub(super) struct Rewritten {
    pub sessions: Vec<Key>,
    pub members: Vec<Key>,
    /// A workspace was written or deleted, on which depends who sees it.
    pub all_members: bool,
    /// Rows that could not be read before.
    pub damaged: Vec<(Table, Vec<u8>)>,
    /// Where the change log begins, if its first entries were removed.
    pub first_change: Option<u64>,
}

impl Rewritten {
    /// Notes that a row was written or removed.
    pub fn note(&mut self, table: Table, key: &[u8]) {
        match (table, key.first_chunk()) {
            (Table::Sessions, Some(key)) => self.sessions.push(*key),
            (Table::Members, Some(key)) => self.members.push(*key),
            // Its members are none any more, though their rows are still there; or it may be in use no more.
            (Table::WorkspacesDeleted | Table::Workspaces, _) => self.all_members = true,
            _ => {}
        }
    }
}

impl Default for Remembered {
    fn default() -> Self {
        Self { sessions: RememberedRows::new(), members: RememberedRows::new() }
    }
}

impl Remembered {
    /// Forgets what was rewritten.
    pub fn forget(&self, rewritten: &Rewritten) {
        rewritten.sessions.iter().for_each(|key| self.sessions.forget(key));
        rewritten.members.iter().for_each(|key| self.members.forget(key));
        if rewritten.all_members {
            self.members.forget_all();
        }
    }

    /// Forgets everything: the database was given up, and may say something else when it is opened again.
    pub fn forget_all(&self) {
        self.sessions.forget_all();
        self.members.forget_all();
    }
}

/// Remembered rows of one kind.
pub(super) struct RememberedRows<T> {
    rows: Cache<Key, (u64, T)>,
    generations: Box<[AtomicU64]>,
}

impl<T: Clone> RememberedRows<T> {
    fn new() -> Self {
        Self { rows: Cache::new(CAPACITY), generations: (0..SHARDS).map(|_| AtomicU64::new(0)).collect() }
    }

    /// The row under `key`, by `read` if it is not remembered. That there is none is not remembered.
    pub fn get_or_read(&self, key: &Key, read: impl FnOnce() -> StoreResult<Option<T>>) -> StoreResult<Option<T>> {
        let generation = self.generation(key).load(Ordering::Acquire);
        if let Some((remembered, row)) = self.rows.get(key)
            && remembered == generation
        {
            return Ok(Some(row));
        }
        let row = read()?;
        if let Some(row) = &row {
            self.rows.insert(*key, (generation, row.clone()));
        }
        Ok(row)
    }

    fn forget(&self, key: &Key) {
        self.generation(key).fetch_add(1, Ordering::Release);
    }

    fn forget_all(&self) {
        for generation in &self.generations {
            generation.fetch_add(1, Ordering::Release);
        }
    }

    /// Ids end in random bits.
    fn generation(&self, key: &Key) -> &AtomicU64 {
        let second = second_of(key);
        &self.generations[usize::from(u16::from_be_bytes([second[14], second[15]])) % SHARDS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_once_until_it_is_forgotten() {
        let rows = RememberedRows::new();
        let (key, other) = ([1; 32], [2; 32]);
        let get = |key, value| rows.get_or_read(key, || Ok(Some(value))).unwrap();
        assert_eq!((get(&key, 1), get(&key, 2)), (Some(1), Some(1)));
        rows.forget(&other);
        assert_eq!(get(&key, 3), Some(1));
        rows.forget(&key);
        assert_eq!((get(&key, 4), get(&key, 5)), (Some(4), Some(4)));
        rows.forget_all();
        assert_eq!(get(&key, 6), Some(6));
    }

    #[test]
    fn what_was_read_before_a_write_is_not_kept_after_it() {
        let rows = RememberedRows::new();
        let key = [1; 32];
        let stale = rows.get_or_read(&key, || {
            rows.forget(&key);
            Ok(Some(1))
        });
        assert_eq!(stale, Ok(Some(1)), "it was asked before the write was answered");
        assert_eq!(rows.get_or_read(&key, || Ok(Some(2))), Ok(Some(2)));
    }

    #[test]
    fn what_is_not_there_is_asked_for_again() {
        let rows = RememberedRows::new();
        assert_eq!(rows.get_or_read(&[1; 32], || Ok(None)), Ok(None));
        assert_eq!(rows.get_or_read(&[1; 32], || Ok(Some(1))), Ok(Some(1)));
    }
}
