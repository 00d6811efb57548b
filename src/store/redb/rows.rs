//! Rows of redb's tables as the bytes that they are to rules.

use std::cell::Cell;
use std::ops::Bound;

use redb::{AccessGuard, Key, Range, ReadableTable, Value};

use super::budget::Budget;
use crate::store::engine::{Cursor, Span};
use crate::store::{StoreError, StoreResult};

/// A type of redb's whose values are seen as bytes without being copied.
pub(super) trait Bytes: Value {
    /// The bytes.
    fn bytes<'a>(value: Self::SelfType<'a>) -> &'a [u8]
    where
        Self: 'a;
}

impl<const N: usize> Bytes for &'static [u8; N] {
    fn bytes<'a>(value: &'a [u8; N]) -> &'a [u8]
    where
        Self: 'a,
    {
        value
    }
}

impl Bytes for &'static [u8] {
    fn bytes<'a>(value: &'a [u8]) -> &'a [u8]
    where
        Self: 'a,
    {
        value
    }
}

impl Bytes for &'static str {
    fn bytes<'a>(value: &'a str) -> &'a [u8]
    where
        Self: 'a,
    {
        value.as_bytes()
    }
}

impl Bytes for () {
    fn bytes<'a>((): ()) -> &'a [u8]
    where
        Self: 'a,
    {
        &[]
    }
}

/// What is watched while rows are read.
#[derive(Clone, Copy, Default)]
pub(super) struct Watch<'a> {
    /// How much longer it may go on, if not for ever.
    pub budget: Option<&'a Budget>,
    /// Set while redb is at work, so that a panic then is known to be its own.
    pub is_inside: Option<&'a Cell<bool>>,
}

impl Watch<'_> {
    /// Has redb do something.
    pub fn inside<T>(&self, work: impl FnOnce() -> T) -> T {
        self.set(true);
        let done = work();
        self.set(false);
        done
    }

    fn set(&self, is_inside: bool) {
        if let Some(cell) = self.is_inside {
            cell.set(is_inside);
        }
    }
}

/// Shows a row, if it is there.
pub(super) fn get<K: Key + 'static, V: Bytes + 'static>(
    table: &impl ReadableTable<K, V>,
    key: &[u8],
    watch: Watch<'_>,
    show: &mut dyn FnMut(&[u8]),
) -> StoreResult<bool> {
    let row = watch.inside(|| table.get(K::from_bytes(key)))?;
    if let Some(row) = &row {
        show(V::bytes(row.value()));
    }
    Ok(row.is_some())
}

/// The rows of a span, for as long as the read may go on.
pub(super) fn range<'a, K: Bytes + Key + 'static, V: Bytes + 'static>(
    table: &'a impl ReadableTable<K, V>,
    span: &Span,
    watch: Watch<'a>,
) -> StoreResult<Box<dyn Cursor + 'a>> {
    let rows = table.range::<K::SelfType<'_>>((bound::<K>(&span.first), bound::<K>(&span.last)))?;
    Ok(Box::new(TableCursor { rows, reverse: span.reverse, at: None, watch, passed: 0 }))
}

fn bound<K: Key + 'static>(bound: &Bound<Vec<u8>>) -> Bound<K::SelfType<'_>> {
    bound.as_ref().map(|key| K::from_bytes(key))
}

/// Rows of a table in order.
struct TableCursor<'a, K: Key + 'static, V: Value + 'static> {
    rows: Range<'a, K, V>,
    reverse: bool,
    at: Option<(AccessGuard<'a, K>, AccessGuard<'a, V>)>,
    watch: Watch<'a>,
    passed: usize,
}

impl<K: Bytes + Key + 'static, V: Bytes + 'static> Cursor for TableCursor<'_, K, V> {
    fn advance(&mut self) -> StoreResult<bool> {
        self.passed += 1;
        if self.watch.budget.is_some_and(|budget| budget.is_over(self.passed)) {
            return Err(StoreError::Overloaded);
        }
        let next = self.watch.inside(|| if self.reverse { self.rows.next_back() } else { self.rows.next() });
        self.at = next.transpose()?;
        Ok(self.at.is_some())
    }

    fn key(&self) -> &[u8] {
        self.at.as_ref().map_or(&[], |(key, _)| K::bytes(key.value()))
    }

    fn value(&self) -> &[u8] {
        self.at.as_ref().map_or(&[], |(_, row)| V::bytes(row.value()))
    }
}
