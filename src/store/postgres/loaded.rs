//! What was loaded of a database, as a source for rules. A rule that reads what was not is run again when it is there.

use std::cell::RefCell;
use std::collections::HashMap;

use super::layout::Stretch;
use crate::store::engine::{Counter, Cursor, Section, Source, Span, Table, WholeRow};
use crate::store::{Damage, Damages, StoreError, StoreResult};

/// How many rows of a stretch are loaded at first, and how many times as many when that was not enough.
const AT_FIRST: usize = 128;
const TIMES: usize = 8;

/// The name of a row.
pub(super) type RowName = (Section, Vec<u8>);

/// What a rule reads that is not loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// Rows by their keys.
    pub rows: Vec<RowName>,
    /// Rows in a row, and how many of them.
    pub stretches: Vec<(Stretch, usize)>,
}

impl Needs {
    /// Whether nothing is needed.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.stretches.is_empty()
    }
}

/// The first rows of a stretch.
#[derive(Debug)]
pub(super) struct Listed {
    /// The rows.
    pub rows: Vec<WholeRow>,
    /// How many were asked for.
    pub limit: usize,
}

/// What was loaded.
#[derive(Default)]
pub(super) struct Loaded {
    rows: HashMap<RowName, Option<Vec<u8>>>,
    stretches: HashMap<Stretch, Listed>,
    needs: RefCell<Needs>,
}

impl Loaded {
    /// What was needed since the last time.
    pub fn take_needs(&mut self) -> Needs {
        let mut needs = std::mem::take(self.needs.get_mut());
        needs.rows.sort_unstable();
        needs.rows.dedup();
        needs
    }

    /// Whether something was needed.
    pub fn has_missed(&self) -> bool {
        !self.needs.borrow().is_empty()
    }

    /// Everything that was loaded, and what is needed besides: to be loaded again, as of one moment.
    pub fn all_needs(self) -> Needs {
        let mut needs = self.needs.into_inner();
        needs.rows.extend(self.rows.into_keys());
        let more = needs.stretches.iter().map(|(stretch, _)| stretch.clone()).collect::<Vec<_>>();
        let known = self.stretches.into_iter().filter(|(stretch, _)| !more.contains(stretch));
        needs.stretches.extend(known.map(|(stretch, listed)| (stretch, listed.limit)));
        needs
    }

    /// Has these loaded at the next occasion.
    pub fn needing(needs: Needs) -> Self {
        Self { needs: RefCell::new(needs), ..Self::default() }
    }

    /// A row was loaded, or is not there.
    pub fn insert(&mut self, name: RowName, row: Option<Vec<u8>>) {
        self.rows.insert(name, row);
    }

    /// A stretch was loaded.
    pub fn insert_stretch(&mut self, stretch: Stretch, listed: Listed) {
        self.stretches.insert(stretch, listed);
    }

    /// A row; none when it is not there.
    pub fn row(&self, section: Section, key: &[u8]) -> StoreResult<Option<&[u8]>> {
        let name = (section, key.to_vec());
        match self.rows.get(&name) {
            Some(row) => Ok(row.as_deref()),
            None => {
                self.needs.borrow_mut().rows.push(name);
                Err(missed())
            }
        }
    }

    /// The rows of a span.
    pub fn stretch(&self, section: Section, span: &Span) -> StoreResult<Box<dyn Cursor + '_>> {
        let stretch = Stretch::of(section, span);
        match self.stretches.get_key_value(&stretch) {
            Some((stretch, listed)) => Ok(Box::new(Going { loaded: self, stretch, listed, next: 0 })),
            None => {
                self.needs.borrow_mut().stretches.push((stretch, AT_FIRST));
                Err(missed())
            }
        }
    }

    /// Has these rows loaded unless they are.
    pub fn expect(&self, names: impl Iterator<Item = RowName>) -> StoreResult<()> {
        let mut needs = self.needs.borrow_mut();
        let before = needs.rows.len();
        needs.rows.extend(names.filter(|name| !self.rows.contains_key(name)));
        if needs.rows.len() > before { Err(missed()) } else { Ok(()) }
    }
}

/// That the rule is run again.
fn missed() -> StoreError {
    StoreError::unavailable("a row is not loaded yet")
}

/// Goes over the rows of a stretch, and has more loaded at the end of what is.
struct Going<'a> {
    loaded: &'a Loaded,
    stretch: &'a Stretch,
    listed: &'a Listed,
    next: usize,
}

impl Going<'_> {
    fn at(&self) -> (&[u8], &[u8]) {
        let row = self.next.checked_sub(1).and_then(|at| self.listed.rows.get(at));
        row.map_or((&[], &[]), |(key, value)| (key, value))
    }
}

impl Cursor for Going<'_> {
    fn advance(&mut self) -> StoreResult<bool> {
        if self.next < self.listed.rows.len() {
            self.next += 1;
            return Ok(true);
        }
        if self.listed.rows.len() < self.listed.limit {
            return Ok(false);
        }
        let more = (self.stretch.clone(), self.listed.limit * TIMES);
        self.loaded.needs.borrow_mut().stretches.push(more);
        Err(missed())
    }

    fn key(&self) -> &[u8] {
        self.at().0
    }

    fn value(&self) -> &[u8] {
        self.at().1
    }
}

/// What rules that only read see.
pub(super) struct Reader<'a> {
    /// What is there.
    pub loaded: &'a Loaded,
    /// Where rows are noted that can't be read.
    pub damages: &'a Damages,
}

impl Source for Reader<'_> {
    fn get(&self, table: Table, key: &[u8], show: &mut dyn FnMut(&[u8])) -> StoreResult<bool> {
        let row = self.loaded.row(Section::Rows(table), key)?;
        row.inspect(|row| show(row));
        Ok(row.is_some())
    }

    fn range(&self, table: Table, span: &Span) -> StoreResult<Box<dyn Cursor + '_>> {
        self.loaded.stretch(Section::Rows(table), span)
    }

    fn count(&self, scope: [u8; 16], counter: Counter) -> StoreResult<u64> {
        let row = self.loaded.row(Section::Counters, &counter.of(scope))?;
        Ok(row.map_or(0, crate::store::engine::number))
    }

    fn met_damage(&self, damage: &Damage) {
        self.damages.note(damage);
    }

    fn expect(&self, rows: &mut dyn Iterator<Item = (Table, Vec<u8>)>) -> StoreResult<()> {
        self.loaded.expect(rows.map(|(table, key)| (Section::Rows(table), key)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_is_asked_for_once_and_more_of_it_when_it_was_not_enough() {
        let (section, span) = (Section::Rows(Table::Users), Span::all());
        let mut loaded = Loaded::default();
        assert!(loaded.row(section, b"a").is_err() && loaded.row(section, b"a").is_err());
        assert!(loaded.stretch(section, &span).is_err());
        let needs = loaded.take_needs();
        assert_eq!((needs.rows.len(), needs.stretches.len(), needs.stretches[0].1), (1, 1, AT_FIRST));
        loaded.insert((section, b"a".to_vec()), None);
        assert_eq!(loaded.row(section, b"a"), Ok(None));
        let rows = vec![(b"b".to_vec(), vec![]); AT_FIRST];
        loaded.insert_stretch(needs.stretches[0].0.clone(), Listed { rows, limit: AT_FIRST });
        let mut cursor = loaded.stretch(section, &span).unwrap();
        (0..AT_FIRST).for_each(|_| assert_eq!(cursor.advance(), Ok(true)));
        assert!(cursor.advance().is_err());
        drop(cursor);
        assert_eq!(loaded.all_needs().stretches, [(needs.stretches[0].0.clone(), AT_FIRST * TIMES)]);
    }
}
