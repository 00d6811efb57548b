//! What was answered, on the disk before anything else is asked for.

use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::marker::PhantomData;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What entries add up to.
pub(super) trait Sum: Default {
    type Entry: Serialize + DeserializeOwned;

    fn add(&mut self, entry: Self::Entry);

    fn of(entries: impl IntoIterator<Item = Self::Entry>) -> Self {
        let mut sum = Self::default();
        entries.into_iter().for_each(|entry| sum.add(entry));
        sum
    }
}

/// A file of entries, a line of JSON each.
pub(super) struct Ledger<S> {
    file: File,
    sums: PhantomData<S>,
}

impl<S: Sum> Ledger<S> {
    /// An empty one.
    pub(super) fn new(path: &Path) -> Self {
        let file = OpenOptions::new().create_new(true).read(true).append(true).open(path).expect("a new ledger");
        Self { file, sums: PhantomData }
    }

    /// Adds entries. They are on the disk when this returns.
    pub(super) fn write(&mut self, entries: &[S::Entry]) {
        let line = |entry| serde_json::to_string(entry).expect("JSON") + "\n";
        let lines: String = entries.iter().map(line).collect();
        self.file.write_all(lines.as_bytes()).expect("an entry in the ledger");
        self.file.sync_data().expect("an entry on the disk");
    }

    /// What all that was written adds up to.
    pub(super) fn read(&mut self) -> S {
        self.file.seek(SeekFrom::Start(0)).expect("the beginning of the ledger");
        let entries = serde_json::Deserializer::from_reader(std::io::BufReader::new(&self.file)).into_iter();
        S::of(entries.map(|entry| entry.expect("an entry")))
    }
}
