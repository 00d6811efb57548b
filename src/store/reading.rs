//! Rows as what they say.

use crate::store::engine::{Cursor, Source, Span, Table};
use crate::store::records::{self, Record};
use crate::store::{StoreError, StoreResult};

/// Reads rows of a source. One that can't be read is [`StoreError::Damaged`] where it is asked for by itself.
pub(in crate::store) trait Reading: Source {
    /// What the row under `key` says.
    fn row<R: Record>(&self, table: Table, key: &[u8]) -> StoreResult<Option<R>> {
        Ok(self.sized_row(table, key)?.map(|(row, _)| row))
    }

    /// The same, with the length of the row.
    fn sized_row<R: Record>(&self, table: Table, key: &[u8]) -> StoreResult<Option<(R, usize)>> {
        let mut found = None;
        self.get(table, key, &mut |row| found = Some((decode(self, table, key, row), row.len())))?;
        found.map(|(entity, length)| entity.map(|entity| (entity, length))).transpose()
    }

    /// Whether there is a row under `key`.
    fn has(&self, table: Table, key: &[u8]) -> StoreResult<bool> {
        self.get(table, key, &mut |_| {})
    }

    /// The id that a text leads to.
    fn claimed(&self, table: Table, text: &str) -> StoreResult<Option<[u8; 16]>> {
        let mut id = [0; 16];
        let is_claimed = self.get(table, text.as_bytes(), &mut |row| id.copy_from_slice(row))?;
        Ok(is_claimed.then_some(id))
    }

    /// What the first `limit` rows of a span say that can be read, and how many were passed over because they can't be.
    fn list<R: Record>(&self, table: Table, span: &Span, limit: usize) -> StoreResult<(Vec<R>, u64)> {
        let (mut rows, mut damaged, mut cursor) = (Vec::new(), 0, self.range(table, span)?);
        while rows.len() < limit && cursor.advance()? {
            match readable(at(self, table, &*cursor).map(Some))? {
                Some(row) => rows.push(row),
                None => damaged += 1,
            }
        }
        Ok((rows, damaged))
    }

    /// The same without the number of those that can't be read.
    fn rows<R: Record>(&self, table: Table, span: &Span, limit: usize) -> StoreResult<Vec<R>> {
        Ok(self.list(table, span, limit)?.0)
    }

    /// The first `limit` keys of a span, each with the length of its row.
    fn keys(&self, table: Table, span: &Span, limit: usize) -> StoreResult<Vec<(Vec<u8>, usize)>> {
        let (mut keys, mut cursor) = (Vec::new(), self.range(table, span)?);
        while keys.len() < limit && cursor.advance()? {
            keys.push((cursor.key().to_vec(), cursor.value().len()));
        }
        Ok(keys)
    }

    /// Whether a span has more than `count` rows.
    fn has_more_than(&self, table: Table, span: &Span, count: usize) -> StoreResult<bool> {
        let mut cursor = self.range(table, span)?;
        for _ in 0..count {
            if !cursor.advance()? {
                return Ok(false);
            }
        }
        cursor.advance()
    }
}

impl<S: Source + ?Sized> Reading for S {}

/// Passes over a row that can't be read, as if it were not there: for lists, and for what has to go on without it.
pub(in crate::store) fn readable<T>(found: StoreResult<Option<T>>) -> StoreResult<Option<T>> {
    match found {
        Err(StoreError::Damaged(_)) => Ok(None),
        found => found,
    }
}

/// What the row says that a cursor is at.
pub(in crate::store) fn at<R: Record>(
    source: &(impl Source + ?Sized),
    table: Table,
    cursor: &dyn Cursor,
) -> StoreResult<R> {
    decode(source, table, cursor.key(), cursor.value())
}

fn decode<R: Record>(source: &(impl Source + ?Sized), table: Table, key: &[u8], row: &[u8]) -> StoreResult<R> {
    records::decode(row).map_err(|cause| {
        let damaged = StoreError::damaged(table.name(), key, cause);
        if let StoreError::Damaged(damage) = &damaged {
            source.met_damage(damage);
        }
        damaged
    })
}
