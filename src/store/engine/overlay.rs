//! What a rule has written, until the engine applies it.
//!
//! Everything is in a few vectors that are used again for the next rule, so that writing few rows allocates nothing. Few
//! rows are found by looking through them, many by an index.

use std::collections::BTreeMap;
use std::ops::Range;

use super::cursor::Above;
use super::{Counter, Logged, Span, Table};
use crate::domain::TenantId;

/// Up to this many writes are searched linearly.
const FEW: usize = 16;

/// What was written, in order: of two writes of a row, the later one counts.
#[derive(Debug, Default)]
pub struct Overlay {
    bytes: Vec<u8>,
    writes: Vec<Write>,
    /// Where each row was written last, once there are more than a few.
    index: BTreeMap<Table, BTreeMap<Vec<u8>, usize>>,
    counted: Vec<([u8; 16], Counter, i64)>,
    ended: Vec<(TenantId, End)>,
    logged: Vec<Logged>,
    waits: bool,
}

#[derive(Debug)]
struct Write {
    table: Table,
    key: Range<usize>,
    /// None removes the row.
    row: Option<Range<usize>>,
    /// The write of the same row before.
    before: Option<usize>,
}

/// A row that was written: its table, its key, and what it is now, if it was not removed.
pub type Written<'a> = (Table, &'a [u8], Option<&'a [u8]>);

/// How far a workspace has come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// What is in it counts in no total any more.
    Retired,
    /// Nothing of it is counted any more.
    Erased,
}

/// A state to go back to.
pub(super) struct Mark {
    bytes: usize,
    writes: usize,
    counted: Vec<([u8; 16], Counter, i64)>,
    ended: usize,
    logged: usize,
}

impl Overlay {
    /// Empties it for the next rule.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.writes.clear();
        self.index.clear();
        self.counted.clear();
        self.ended.clear();
        self.logged.clear();
        self.waits = false;
    }

    /// Whether there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        !self.waits
            && self.writes.is_empty()
            && self.counted.is_empty()
            && self.ended.is_empty()
            && self.logged.is_empty()
    }

    /// The rows that were written, in order.
    pub fn writes(&self) -> impl Iterator<Item = Written<'_>> {
        self.writes.iter().map(|write| (write.table, &self.bytes[write.key.clone()], self.row(write)))
    }

    /// What is counted: by scope, and how many more.
    pub fn counted(&self) -> &[([u8; 16], Counter, i64)] {
        &self.counted
    }

    /// Workspaces that end.
    pub fn ended(&self) -> &[(TenantId, End)] {
        &self.ended
    }

    /// The entries for the change log.
    pub fn logged(&self) -> &[Logged] {
        &self.logged
    }

    /// What was written of a row, if anything was.
    pub(super) fn get(&self, table: Table, key: &[u8]) -> Option<Option<&[u8]>> {
        self.find(table, key).map(|at| self.row(&self.writes[at]))
    }

    /// What was written in a span, in its order.
    pub(super) fn range(&self, table: Table, span: &Span) -> Vec<Above<'_>> {
        let mut rows: Vec<Above<'_>> = Vec::new();
        if self.writes.len() > FEW {
            let index = self.index.get(&table).into_iter().flatten();
            let spanned = index.filter(|(key, _)| span.contains(key));
            rows.extend(spanned.map(|(key, at)| (key.as_slice(), self.row(&self.writes[*at]))));
        } else {
            for (written, key, row) in self.writes() {
                if written == table && span.contains(key) {
                    rows.retain(|(before, _)| *before != key);
                    rows.push((key, row));
                }
            }
            rows.sort_unstable_by_key(|(key, _)| *key);
        }
        if span.reverse {
            rows.reverse();
        }
        rows
    }

    /// Writes a row, of the bytes that `write` appends to what it is given. Returns how many these are.
    pub(super) fn put<E>(
        &mut self,
        table: Table,
        key: &[u8],
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<usize, E> {
        let key = self.keep(key);
        let begin = self.bytes.len();
        write(&mut self.bytes)?;
        let row = begin..self.bytes.len();
        let length = row.len();
        self.push(table, key, Some(row));
        Ok(length)
    }

    /// Removes a row.
    pub(super) fn remove(&mut self, table: Table, key: &[u8]) {
        let key = self.keep(key);
        self.push(table, key, None);
    }

    /// Counts `step` more of something.
    pub(super) fn count(&mut self, scope: [u8; 16], counter: Counter, step: i64) {
        match self.counted.iter_mut().find(|(of, what, _)| *of == scope && *what == counter) {
            Some((_, _, sum)) => *sum += step,
            None => self.counted.push((scope, counter, step)),
        }
    }

    /// How many more of something are counted.
    pub(super) fn step(&self, scope: [u8; 16], counter: Counter) -> i64 {
        self.counted.iter().find(|(of, what, _)| *of == scope && *what == counter).map_or(0, |(_, _, sum)| *sum)
    }

    /// Ends a workspace.
    pub(super) fn end(&mut self, tenant: TenantId, end: End) {
        self.ended.push((tenant, end));
    }

    /// Is not empty from now on.
    pub(super) fn wait(&mut self) {
        self.waits = true;
    }

    /// Adds an entry for the change log.
    pub(super) fn log(&mut self, logged: Logged) {
        self.logged.push(logged);
    }

    /// What it is now, to go back to.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            bytes: self.bytes.len(),
            writes: self.writes.len(),
            counted: self.counted.clone(),
            ended: self.ended.len(),
            logged: self.logged.len(),
        }
    }

    /// Goes back to what it was.
    pub(super) fn go_back(&mut self, mark: Mark) {
        while self.writes.len() > mark.writes {
            let is_indexed = self.writes.len() > FEW;
            let Some(write) = self.writes.pop() else { break };
            if is_indexed && let Some(index) = self.index.get_mut(&write.table) {
                let key = &self.bytes[write.key];
                match write.before {
                    Some(before) => drop(index.insert(key.to_vec(), before)),
                    None => drop(index.remove(key)),
                }
            }
        }
        if self.writes.len() <= FEW {
            self.index.clear();
        }
        self.bytes.truncate(mark.bytes);
        self.counted = mark.counted;
        self.ended.truncate(mark.ended);
        self.logged.truncate(mark.logged);
    }

    fn row(&self, write: &Write) -> Option<&[u8]> {
        write.row.as_ref().map(|row| &self.bytes[row.clone()])
    }

    fn keep(&mut self, bytes: &[u8]) -> Range<usize> {
        let begin = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        begin..self.bytes.len()
    }

    fn find(&self, table: Table, key: &[u8]) -> Option<usize> {
        if self.writes.len() > FEW {
            return self.index.get(&table)?.get(key).copied();
        }
        self.writes.iter().rposition(|write| write.table == table && self.bytes[write.key.clone()] == *key)
    }

    fn push(&mut self, table: Table, key: Range<usize>, row: Option<Range<usize>>) {
        let before = self.find(table, &self.bytes[key.clone()]);
        let at = self.writes.len();
        self.writes.push(Write { table, key, row, before });
        // One more than a few: now all are in the index, and from then on each that comes.
        let first = if at == FEW { 0 } else { at };
        if at >= FEW {
            for (at, write) in self.writes.iter().enumerate().skip(first) {
                self.index.entry(write.table).or_default().insert(self.bytes[write.key.clone()].to_vec(), at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ChangeKind, UserId};
    use crate::store::engine::Scope;

    fn put(overlay: &mut Overlay, key: u8, row: u8) {
        let write = |bytes: &mut Vec<u8>| {
            bytes.push(row);
            Ok::<_, ()>(())
        };
        overlay.put(Table::Users, &[key], write).unwrap();
    }

    fn rows(overlay: &Overlay) -> Vec<(u8, Option<u8>)> {
        overlay.range(Table::Users, &Span::all()).iter().map(|(key, row)| (key[0], row.map(|row| row[0]))).collect()
    }

    #[test]
    fn the_later_write_counts_and_is_undone_however_many_there_are() {
        let user = UserId::from_bytes([1; 16]);
        for others in [0, 10, 15, 16, 17, 100] {
            let mut overlay = Overlay::default();
            (0..others).for_each(|other| put(&mut overlay, 100 + other, 0));
            put(&mut overlay, 1, 1);
            let mark = overlay.mark();
            let before = rows(&overlay);
            put(&mut overlay, 1, 2);
            put(&mut overlay, 2, 3);
            overlay.remove(Table::Users, &[100]);
            overlay.count([0; 16], Counter::Users, 1);
            overlay.log(Logged { scope: Scope::User(user), about: None, kind: ChangeKind::UserRegistered(user) });
            assert_eq!(overlay.get(Table::Users, &[1]), Some(Some(&[2][..])), "{others}");
            assert_eq!(overlay.get(Table::Users, &[100]), Some(None));
            assert_eq!(rows(&overlay)[..2], [(1, Some(2)), (2, Some(3))]);
            overlay.go_back(mark);
            assert_eq!(rows(&overlay), before);
            assert_eq!(overlay.get(Table::Users, &[2]), None);
            assert_eq!((overlay.step([0; 16], Counter::Users), overlay.logged().len()), (0, 0));
        }
    }
}
