//! Rows of redb's tables as the bytes that they are to rules.

use std::cell::Cell;
use std::ops::Bound;

use redb::{AccessGuard, Key, Range, ReadableTable, Table, Value};

use super::budget::Budget;
use crate::store::engine::{Cursor, Span, number};
use crate::store::{StoreError, StoreResult};

/// A type of redb's whose values are seen as bytes, those that are bytes in the file without being copied.
pub(super) trait Bytes: Value {
    /// What is kept beside a value, to be shown instead of it.
    type Kept;

    /// What is kept beside a value.
    fn kept(value: &Self::SelfType<'_>) -> Self::Kept;

    /// The bytes.
    fn bytes<'a>(value: Self::SelfType<'a>, kept: &'a Self::Kept) -> &'a [u8]
    where
        Self: 'a;

    /// The value of which these are the bytes.
    fn of<'a>(bytes: &'a [u8]) -> Self::SelfType<'a>
    where
        Self: 'a,
    {
        Self::from_bytes(bytes)
    }
}

/// Types that are bytes in the file.
macro_rules! bytes {
    ($($type:ty, $value:ident => $bytes:expr;)+) => {$(
        impl Bytes for $type {
            type Kept = ();

            fn kept(_value: &Self::SelfType<'_>) {}

            fn bytes<'a>($value: Self::SelfType<'a>, _kept: &'a ()) -> &'a [u8]
            where
                Self: 'a,
            {
                $bytes
            }
        }
    )+};
}

bytes! {
    &'static [u8], value => value;
    &'static str, value => value.as_bytes();
    (), _value => &[];
}

impl<const N: usize> Bytes for &'static [u8; N] {
    type Kept = ();

    fn kept(_value: &Self::SelfType<'_>) {}

    fn bytes<'a>(value: &'a [u8; N], _kept: &'a ()) -> &'a [u8]
    where
        Self: 'a,
    {
        value
    }
}

/// Numbers are in their order as bytes, too, which they are not in the file.
impl Bytes for u64 {
    type Kept = [u8; 8];

    fn kept(value: &u64) -> [u8; 8] {
        value.to_be_bytes()
    }

    fn bytes<'a>(_value: u64, kept: &'a [u8; 8]) -> &'a [u8]
    where
        Self: 'a,
    {
        kept
    }

    fn of<'a>(bytes: &'a [u8]) -> u64
    where
        Self: 'a,
    {
        number(bytes)
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
pub(super) fn get<K: Bytes + Key + 'static, V: Bytes + 'static>(
    table: &impl ReadableTable<K, V>,
    key: &[u8],
    watch: Watch<'_>,
    show: &mut dyn FnMut(&[u8]),
) -> StoreResult<bool> {
    let row = watch.inside(|| table.get(K::of(key)))?;
    if let Some(row) = &row {
        let kept = V::kept(&row.value());
        show(V::bytes(row.value(), &kept));
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

fn bound<K: Bytes + Key + 'static>(bound: &Bound<Vec<u8>>) -> Bound<K::SelfType<'_>> {
    bound.as_ref().map(|key| K::of(key))
}

/// Writes a row, or removes it.
pub(super) fn write<K: Bytes + Key + 'static, V: Bytes + 'static>(
    table: &mut Table<'_, K, V>,
    key: &[u8],
    row: Option<&[u8]>,
) -> StoreResult<()> {
    match row {
        Some(row) => drop(table.insert(K::of(key), V::of(row))?),
        None => drop(table.remove(K::of(key))?),
    }
    Ok(())
}

/// Removes the rows of a span.
pub(super) fn remove<K: Bytes + Key + 'static, V: Bytes + 'static>(
    table: &mut Table<'_, K, V>,
    span: &Span,
) -> StoreResult<()> {
    let bounds = (bound::<K>(&span.first), bound::<K>(&span.last));
    Ok(table.retain_in::<K::SelfType<'_>, _>(bounds, |_, _| false)?)
}

/// Rows of a table in order.
struct TableCursor<'a, K: Bytes + Key + 'static, V: Bytes + 'static> {
    rows: Range<'a, K, V>,
    reverse: bool,
    at: Option<At<'a, K, V>>,
    watch: Watch<'a>,
    passed: usize,
}

/// The row it is at.
struct At<'a, K: Bytes + 'static, V: Bytes + 'static> {
    key: AccessGuard<'a, K>,
    kept_key: K::Kept,
    row: AccessGuard<'a, V>,
    kept_row: V::Kept,
}

impl<'a, K: Bytes + 'static, V: Bytes + 'static> At<'a, K, V> {
    fn new((key, row): (AccessGuard<'a, K>, AccessGuard<'a, V>)) -> Self {
        let (kept_key, kept_row) = (K::kept(&key.value()), V::kept(&row.value()));
        Self { key, kept_key, row, kept_row }
    }
}

impl<K: Bytes + Key + 'static, V: Bytes + 'static> Cursor for TableCursor<'_, K, V> {
    fn advance(&mut self) -> StoreResult<bool> {
        self.passed += 1;
        if self.watch.budget.is_some_and(|budget| budget.is_over(self.passed)) {
            return Err(StoreError::Overloaded);
        }
        let next = self.watch.inside(|| if self.reverse { self.rows.next_back() } else { self.rows.next() });
        self.at = next.transpose()?.map(At::new);
        Ok(self.at.is_some())
    }

    fn key(&self) -> &[u8] {
        self.at.as_ref().map_or(&[], |at| K::bytes(at.key.value(), &at.kept_key))
    }

    fn value(&self) -> &[u8] {
        self.at.as_ref().map_or(&[], |at| V::bytes(at.row.value(), &at.kept_row))
    }
}
