//! All that the engine in memory has, as of one commit: rows of bytes, by section.

use std::collections::BTreeMap;

use ghostworks::domain::{Change, LogPosition, Stamp, Timestamp, UserId};
use ghostworks::store::engine::{
    Counter, Cursor, End, Entry, Logged, Overlay, Rebuild, Section, Source, Span, Table, WHOLE, Whole, chain, number,
};
use ghostworks::store::{StoreError, StoreResult};

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// All that there is.
#[derive(Clone, Default)]
pub struct State(BTreeMap<Section, Rows>);

impl State {
    /// Writes what a rule wrote.
    pub fn apply(&mut self, overlay: &Overlay, stamp: &Stamp) -> StoreResult<()> {
        for (table, key, row) in overlay.writes() {
            let rows = self.rows(Section::Rows(table));
            match row {
                Some(row) => drop(rows.insert(key.to_vec(), row.to_vec())),
                None => drop(rows.remove(key)),
            }
        }
        for (scope, counter, step) in overlay.counted() {
            let scopes = [counter.is_scoped().then_some(*scope), counter.is_whole().then_some(WHOLE)];
            scopes.into_iter().flatten().for_each(|scope| self.add(scope, *counter, *step));
        }
        for (tenant, end) in overlay.ended() {
            let tenant = tenant.to_bytes();
            match end {
                End::Retired => Counter::SUMMED.into_iter().for_each(|counter| {
                    let own = i64::try_from(self.counted(tenant, counter)).unwrap();
                    self.add(WHOLE, counter, -own);
                }),
                End::Erased => self.rows(Section::Counters).retain(|key, _| !key.starts_with(&tenant)),
            }
        }
        overlay.logged().iter().try_for_each(|logged| self.append(*logged, stamp))
    }

    fn append(&mut self, Logged { scope, about, kind }: Logged, stamp: &Stamp) -> StoreResult<()> {
        let (entry, tenant, actor) = (self.last_entry() + 1, scope.tenant(), stamp.actor.clone());
        let previous = chain(tenant, about).map_or(0, |(tenant, newest)| {
            let previous = self.counted(tenant.to_bytes(), newest);
            self.set(newest.of_tenant(tenant), entry);
            previous
        });
        let position = LogPosition::of_entry(entry);
        let change = Change { position, tenant, about, at: stamp.at, actor, kind };
        let bytes = Entry { change, previous }.to_bytes()?;
        self.rows(Section::Changes).insert(entry.to_be_bytes().to_vec(), bytes);
        Ok(())
    }

    /// The number of the newest entry of the change log; 0 when there is none.
    pub fn last_entry(&self) -> u64 {
        let log = self.0.get(&Section::Changes).and_then(BTreeMap::last_key_value);
        log.map_or(0, |(key, _)| number(key))
    }

    /// The change log, oldest entry first.
    pub fn log(&self) -> StoreResult<Vec<Change>> {
        let entries = self.0.get(&Section::Changes).into_iter().flatten();
        entries.map(|(key, row)| Entry::at(number(key), row).map(|entry| entry.change)).collect()
    }

    /// Takes the addresses and programs of these people out of the next entries after a position, at most `limit`. Returns the
    /// position of the last of them; none at the end.
    pub fn scrub_changes(&mut self, people: &[UserId], after: u64, limit: usize) -> StoreResult<Option<u64>> {
        let (mut at, last) = (after, self.last_entry());
        for (key, row) in self.rows(Section::Changes).iter_mut().filter(|(key, _)| number(key) > after).take(limit) {
            at = number(key);
            let mut entry = Entry::at(at, row)?;
            if entry.change.is_personal_to(people) {
                entry.change.actor.forget_place();
                *row = entry.to_bytes()?;
            }
        }
        Ok(Some(at).filter(|at| *at < last))
    }

    /// Removes the first entries of the change log, at most `limit`, from before `before`, but never the newest. Returns how
    /// many that were.
    pub fn trim_changes(&mut self, before: Timestamp, limit: usize) -> StoreResult<usize> {
        let (log, last) = (self.log()?, self.last_entry());
        let old =
            log.iter().take_while(|change| change.position.entry() < last && change.at < before).take(limit).count();
        if old > 0 {
            let oldest = log[old].position.entry();
            self.rows(Section::Changes).retain(|key, _| number(key) >= oldest);
            self.set(Counter::OldestChange.of_all(), oldest);
        }
        Ok(old)
    }

    fn rows(&mut self, section: Section) -> &mut Rows {
        self.0.entry(section).or_default()
    }

    fn add(&mut self, scope: [u8; 16], counter: Counter, step: i64) {
        let count = self.counted(scope, counter).checked_add_signed(step).expect("nothing is counted below zero");
        self.set(counter.of(scope), count);
    }

    fn set(&mut self, counter: [u8; 17], count: u64) {
        self.rows(Section::Counters).insert(counter.to_vec(), count.to_be_bytes().to_vec());
    }

    fn counted(&self, scope: [u8; 16], counter: Counter) -> u64 {
        let row = self.0.get(&Section::Counters).and_then(|rows| rows.get(counter.of(scope).as_slice()));
        row.map_or(0, |row| number(row))
    }
}

impl Source for State {
    fn get(&self, table: Table, key: &[u8], show: &mut dyn FnMut(&[u8])) -> StoreResult<bool> {
        let row = self.0.get(&Section::Rows(table)).and_then(|rows| rows.get(key));
        if let Some(row) = row {
            show(row);
        }
        Ok(row.is_some())
    }

    fn range(&self, table: Table, span: &Span) -> StoreResult<Box<dyn Cursor + '_>> {
        self.section(Section::Rows(table), span)
    }

    fn count(&self, scope: [u8; 16], counter: Counter) -> StoreResult<u64> {
        Ok(self.counted(scope, counter))
    }
}

impl Whole for State {
    fn section(&self, section: Section, span: &Span) -> StoreResult<Box<dyn Cursor + '_>> {
        let rows = self.0.get(&section).into_iter().flatten().filter(|(key, _)| span.contains(key));
        let mut rows: Vec<_> = rows.map(|(key, row)| (key.as_slice(), row.as_slice())).collect();
        // The last is taken first.
        if !span.reverse {
            rows.reverse();
        }
        Ok(Box::new(Listed { rows, at: None }))
    }
}

impl Rebuild for State {
    fn put(&mut self, section: Section, key: &[u8], row: &[u8]) -> StoreResult<()> {
        if !section.fits(key, row) {
            return Err(StoreError::unavailable(format!("{} {key:?}: {row:?} does not fit", section.name())));
        }
        self.rows(section).insert(key.to_vec(), row.to_vec());
        Ok(())
    }

    fn remove(&mut self, section: Section, span: &Span) -> StoreResult<()> {
        self.rows(section).retain(|key, _| !span.contains(key));
        Ok(())
    }
}

struct Listed<'a> {
    rows: Vec<(&'a [u8], &'a [u8])>,
    at: Option<(&'a [u8], &'a [u8])>,
}

impl Cursor for Listed<'_> {
    fn advance(&mut self) -> StoreResult<bool> {
        self.at = self.rows.pop();
        Ok(self.at.is_some())
    }

    fn key(&self) -> &[u8] {
        self.at.unwrap().0
    }

    fn value(&self) -> &[u8] {
        self.at.unwrap().1
    }
}
