//! A database as a whole, for what reads or makes all of it: backups, restores, checks, steps from schema to schema.
//!
//! It consists of the tables that rules know, and of what is the engine's own beside them: counters, the change log, facts.

use std::ops::Bound;

use serde::{Deserialize, Serialize};

use super::cursor::{Cursor, Span};
use super::{Source, Table};
use crate::store::StoreResult;

/// A section of a database. Its name is the one it has in backups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// The rows of a table.
    Rows(Table),
    /// scope, or zeros for the whole ‖ [`Counter`](super::Counter) → how many: a [`number`].
    Counters,
    /// position: a [`number`] → entry of the change log.
    Changes,
    /// What is true of the database as a whole, by name.
    Facts,
}

impl Section {
    /// All there are, in the order that they have in backups.
    pub fn all() -> impl Iterator<Item = Self> {
        Table::ALL.into_iter().map(Self::Rows).chain([Self::Counters, Self::Changes, Self::Facts])
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rows(table) => table.name(),
            Self::Counters => "counters",
            Self::Changes => "changes",
            Self::Facts => "meta",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|section| section.name() == name)
    }

    /// Whether a row of these bytes can be in it.
    pub fn fits(self, key: &[u8], row: &[u8]) -> bool {
        let is_key = match self.key_len() {
            0 => std::str::from_utf8(key).is_ok(),
            length => key.len() == length,
        };
        is_key && self.row_len().is_none_or(|length| row.len() == length)
    }

    /// The rows whose keys begin with `prefix`; none when no key does. A text begins only with itself.
    pub fn under(self, prefix: &[u8]) -> Option<Span> {
        let can_begin = match self.key_len() {
            0 => std::str::from_utf8(prefix).is_ok(),
            length => prefix.len() <= length,
        };
        can_begin.then(|| Span::padded(prefix, self.key_len()))
    }

    /// How long its keys are, in bytes; 0 for texts.
    fn key_len(self) -> usize {
        match self {
            Self::Rows(table) => table.key_len(),
            Self::Counters => 17,
            Self::Changes => 8,
            Self::Facts => 0,
        }
    }

    /// How long its rows are, in bytes, if all are as long.
    fn row_len(self) -> Option<usize> {
        match self {
            Self::Rows(table) => table.row_len(),
            Self::Counters => Some(8),
            Self::Changes | Self::Facts => None,
        }
    }
}

/// A number as a key or a row: in this form, keys are in its order. What is no number is 0.
pub fn number(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_be_bytes)
}

/// A row of a section: its key, and what it is.
pub type WholeRow = (Vec<u8>, Vec<u8>);

/// What a section takes up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableStats {
    /// Its name.
    pub name: String,
    /// How many rows it has.
    pub rows: u64,
    /// Its size, in bytes.
    pub bytes: u64,
}

/// A database as of one commit, as a whole.
pub trait Whole: Source {
    /// The rows of a section in a span, in the order of their keys.
    fn section(&self, section: Section, span: &Span) -> StoreResult<Box<dyn Cursor + '_>>;

    /// What there is that is in no section, and how many rows of it: nobody knows what it is for. Mostly there can't be any.
    fn unknown(&self) -> StoreResult<Vec<(String, u64)>> {
        Ok(Vec::new())
    }

    /// What each section takes up: unless the engine knows better, what is in its rows. Reads everything.
    fn sizes(&self) -> StoreResult<Vec<TableStats>> {
        let size = |section: Section| {
            let (mut rows, mut bytes) = (0, 0);
            let mut cursor = self.section(section, &Span::all())?;
            while cursor.advance()? {
                rows += 1;
                bytes += (cursor.key().len() + cursor.value().len()) as u64;
            }
            Ok(TableStats { name: section.name().to_owned(), rows, bytes })
        };
        Section::all().map(size).collect()
    }

    /// About how many rows there are in all, if the engine knows without reading them.
    fn rows_in_all(&self) -> Option<u64> {
        None
    }

    /// Some rows of a section after a key, at most `limit`: for callers that change it on the way.
    fn some(&self, section: Section, after: Option<&[u8]>, limit: usize) -> StoreResult<Vec<WholeRow>> {
        let (mut rows, mut cursor) = (Vec::new(), self.section(section, &Span::all().after(after))?);
        while rows.len() < limit && cursor.advance()? {
            rows.push((cursor.key().to_vec(), cursor.value().to_vec()));
        }
        Ok(rows)
    }

    /// The row of a section under a key.
    fn row_of(&self, section: Section, key: &[u8]) -> StoreResult<Option<Vec<u8>>> {
        let only = Span { first: Bound::Included(key.to_vec()), last: Bound::Included(key.to_vec()), reverse: false };
        let mut cursor = self.section(section, &only)?;
        Ok(cursor.advance()?.then(|| cursor.value().to_vec()))
    }

    /// The key of the last row of a section, if it has any.
    fn last_of(&self, section: Section) -> StoreResult<Option<Vec<u8>>> {
        let mut cursor = self.section(section, &Span::all().reversed())?;
        Ok(cursor.advance()?.then(|| cursor.key().to_vec()))
    }
}

/// A database that is made, brought up to a later schema, or set right, as a whole: all of it comes with one commit. Reads
/// see what was written before.
pub trait Rebuild: Whole {
    /// Writes a row that [fits](Section::fits), over the one that was there.
    fn put(&mut self, section: Section, key: &[u8], row: &[u8]) -> StoreResult<()>;

    /// Removes the rows in a span.
    fn remove(&mut self, section: Section, span: &Span) -> StoreResult<()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_have_names_of_their_own() {
        assert!(Section::all().all(|section| Section::named(section.name()) == Some(section)));
        assert_eq!(Section::named("theirs"), None);
    }

    #[test]
    fn what_does_not_fit_a_section_is_seen() {
        let (texts, keys) = (Section::Rows(Table::UsersByEmail), Section::Rows(Table::MembershipsByUser));
        assert!(texts.fits(b"text", &[1; 16]) && !texts.fits(&[0xff], &[1; 16]) && !texts.fits(b"text", &[1]));
        assert!(keys.fits(&[1; 32], &[]) && !keys.fits(&[1; 31], &[]) && !keys.fits(&[1; 32], &[1]));
        assert!(Section::Changes.fits(&[1; 8], b"anything") && !Section::Counters.fits(&[1; 17], &[1; 7]));
    }

    #[test]
    fn a_prefix_has_its_first_and_its_last_key() {
        let bounds = |section: Section, prefix: &[u8]| section.under(prefix).map(|span| (span.first, span.last));
        let of = |key: &[u8]| Bound::Included(key.to_vec());
        let first_and_last = (of(&[7, 0, 0, 0, 0, 0, 0, 0]), of(&[7, 255, 255, 255, 255, 255, 255, 255]));
        assert_eq!(bounds(Section::Changes, &[7]), Some(first_and_last));
        assert_eq!(bounds(Section::Facts, b"text"), Some((of(b"text"), of(b"text"))));
        assert_eq!((bounds(Section::Changes, &[7; 9]), bounds(Section::Facts, &[0xff])), (None, None));
    }
}
