//! Rows in the order of their keys.

use std::cmp::Ordering;
use std::iter::Peekable;
use std::ops::Bound;
use std::vec::IntoIter;

use super::Table;
use crate::store::StoreResult;

/// Goes over rows, one after the other.
pub trait Cursor {
    /// Goes to the next row, first to the first. Returns false when there is none; then it is over.
    fn advance(&mut self) -> StoreResult<bool>;

    /// The key of the row it is at.
    fn key(&self) -> &[u8];

    /// The row it is at.
    fn value(&self) -> &[u8];
}

/// Which rows, and in which direction.
#[derive(Clone, Debug)]
pub struct Span {
    /// Where it begins. A key is as long as all of its table.
    pub first: Bound<Vec<u8>>,
    /// Where it ends.
    pub last: Bound<Vec<u8>>,
    /// Whether the last row comes first.
    pub reverse: bool,
}

impl Span {
    /// The rows of `table` whose keys begin with `prefix`.
    pub fn under(table: Table, prefix: &[u8]) -> Self {
        Self::padded(prefix, table.key_len())
    }

    /// Keys of `length` bytes that begin with `prefix`.
    pub(super) fn padded(prefix: &[u8], length: usize) -> Self {
        let padded = |with: u8| {
            let mut key = prefix.to_vec();
            key.resize(length.max(prefix.len()), with);
            Bound::Included(key)
        };
        Self { first: padded(0), last: padded(u8::MAX), reverse: false }
    }

    /// All rows of a table.
    pub fn all() -> Self {
        Self { first: Bound::Unbounded, last: Bound::Unbounded, reverse: false }
    }

    /// Whether it has all rows there can be.
    pub fn is_all(&self) -> bool {
        matches!((&self.first, &self.last), (Bound::Unbounded, Bound::Unbounded))
    }

    /// The rows after this key, if one is given.
    pub fn after(mut self, key: Option<&[u8]>) -> Self {
        if let Some(key) = key {
            self.first = Bound::Excluded(key.to_vec());
        }
        self
    }

    /// The rows before this key, if one is given.
    pub fn before(mut self, key: Option<&[u8]>) -> Self {
        if let Some(key) = key {
            self.last = Bound::Excluded(key.to_vec());
        }
        self
    }

    /// The same rows, the last one first.
    pub fn reversed(mut self) -> Self {
        self.reverse = true;
        self
    }

    /// Whether it has this key.
    pub fn contains(&self, key: &[u8]) -> bool {
        let begins = match &self.first {
            Bound::Included(first) => key >= first.as_slice(),
            Bound::Excluded(first) => key > first.as_slice(),
            Bound::Unbounded => true,
        };
        let ends = match &self.last {
            Bound::Included(last) => key <= last.as_slice(),
            Bound::Excluded(last) => key < last.as_slice(),
            Bound::Unbounded => true,
        };
        begins && ends
    }
}

/// A row that was written: its key, and what it is now, if it was not removed.
pub(in crate::store) type Above<'a> = (&'a [u8], Option<&'a [u8]>);

/// Rows of a source with what was written over them.
pub(in crate::store) struct Merged<'a> {
    below: Box<dyn Cursor + 'a>,
    /// Whether `below` is at a row that is still to come.
    is_ahead: bool,
    has_ended: bool,
    above: Peekable<IntoIter<Above<'a>>>,
    /// The written row that it is at; it is at that of `below` otherwise.
    at: Option<(&'a [u8], &'a [u8])>,
    reverse: bool,
}

impl<'a> Merged<'a> {
    /// The rows of `below`, with these over them, which are in the same order.
    pub fn new(below: Box<dyn Cursor + 'a>, above: Vec<Above<'a>>, reverse: bool) -> Self {
        Self { below, is_ahead: false, has_ended: false, above: above.into_iter().peekable(), at: None, reverse }
    }

    /// Where the next written row is, seen from the next one of `below`.
    fn order(&mut self) -> Option<Ordering> {
        let (key, _) = self.above.peek()?;
        if !self.is_ahead {
            return Some(Ordering::Less);
        }
        let order = (*key).cmp(self.below.key());
        Some(if self.reverse { order.reverse() } else { order })
    }
}

impl Cursor for Merged<'_> {
    fn advance(&mut self) -> StoreResult<bool> {
        self.at = None;
        loop {
            if !self.is_ahead && !self.has_ended {
                self.is_ahead = self.below.advance()?;
                self.has_ended = !self.is_ahead;
            }
            match self.order() {
                None | Some(Ordering::Greater) => return Ok(std::mem::take(&mut self.is_ahead)),
                Some(Ordering::Equal) => self.is_ahead = false,
                Some(Ordering::Less) => {}
            }
            if let Some((key, Some(row))) = self.above.next() {
                self.at = Some((key, row));
                return Ok(true);
            }
        }
    }

    fn key(&self) -> &[u8] {
        self.at.map_or_else(|| self.below.key(), |(key, _)| key)
    }

    fn value(&self) -> &[u8] {
        self.at.map_or_else(|| self.below.value(), |(_, row)| row)
    }
}
