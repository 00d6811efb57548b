//! What the rules of a group see: what is loaded, and over it what those before them in the group have written.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::layout::Stretch;
use super::loaded::Loaded;
use super::rows::{LogRow, Written};
use crate::domain::{Change, LogPosition, Stamp, TenantId};
use crate::store::engine::{
    Counter, Cursor, End, Entry, Logged, Merged, Overlay, Section, Source, Span, Table, WHOLE, chain, number,
};
use crate::store::{Damage, Damages, StoreError, StoreResult};

/// The state that a group works on.
pub(super) struct Working {
    /// What was loaded since the group holds the head.
    pub loaded: Loaded,
    /// What was written since.
    pub written: Written,
    /// The entries that were added to the change log.
    pub log: Vec<LogRow>,
    /// The number of the newest entry of the change log.
    pub last: u64,
}

/// What one rule adds to a group.
struct Staged<'a> {
    below: &'a Working,
    written: Written,
    log: Vec<LogRow>,
    last: u64,
}

impl Working {
    /// A state of which nothing is loaded.
    pub fn new() -> Self {
        Self { loaded: Loaded::default(), written: Written::new(), log: Vec::new(), last: 0 }
    }

    /// What a rule sees.
    pub fn seen<'a>(&'a self, damages: &'a Damages) -> Seen<'a> {
        Seen { working: self, damages }
    }

    /// Writes what a rule wrote, and whatever follows from it; nothing when something has to be loaded first.
    pub fn apply(&mut self, overlay: &Overlay, stamp: &Stamp) -> StoreResult<()> {
        let mut staged = Staged { below: self, written: BTreeMap::new(), log: Vec::new(), last: self.last };
        staged.apply(overlay, stamp)?;
        let Staged { written, log, last, .. } = staged;
        self.written.extend(written);
        self.log.extend(log);
        self.last = last;
        Ok(())
    }

    fn row(&self, section: Section, key: &[u8]) -> StoreResult<Option<&[u8]>> {
        match self.written.get(&(section, key.to_vec())) {
            Some(row) => Ok(row.as_deref()),
            None => self.loaded.row(section, key),
        }
    }

    fn range(&self, section: Section, span: &Span) -> StoreResult<Box<dyn Cursor + '_>> {
        let below = self.loaded.stretch(section, span)?;
        let stretch = Stretch::of(section, span);
        let written = self.written.range((Bound::Included((section, stretch.from)), Bound::Unbounded));
        let written =
            written.take_while(|((of, key), _)| *of == section && stretch.to.as_ref().is_none_or(|to| key < to));
        let mut above: Vec<(&[u8], Option<&[u8]>)> =
            written.map(|((_, key), row)| (key.as_slice(), row.as_deref())).collect();
        if span.reverse {
            above.reverse();
        }
        Ok(if above.is_empty() { below } else { Box::new(Merged::new(below, above, span.reverse)) })
    }
}

impl Staged<'_> {
    fn apply(&mut self, overlay: &Overlay, stamp: &Stamp) -> StoreResult<()> {
        for (table, key, row) in overlay.writes() {
            self.written.insert((Section::Rows(table), key.to_vec()), row.map(<[u8]>::to_vec));
        }
        for (scope, counter, step) in overlay.counted() {
            let scopes = [counter.is_scoped().then_some(*scope), counter.is_whole().then_some(WHOLE)];
            for scope in scopes.into_iter().flatten() {
                self.add(counter.of(scope), *step)?;
            }
        }
        for (tenant, end) in overlay.ended() {
            match end {
                End::Retired => self.retire(*tenant)?,
                End::Erased => self.erase(*tenant)?,
            }
        }
        overlay.logged().iter().try_for_each(|logged| self.append(*logged, stamp))
    }

    fn retire(&mut self, tenant: TenantId) -> StoreResult<()> {
        for counter in Counter::SUMMED {
            let own = i64::try_from(self.counted(&counter.of_tenant(tenant))?).unwrap_or(i64::MAX);
            self.add(counter.of_all(), -own)?;
        }
        Ok(())
    }

    fn erase(&mut self, tenant: TenantId) -> StoreResult<()> {
        let own = |key: &[u8]| key.starts_with(&tenant.to_bytes());
        if let Some(span) = Section::Counters.under(&tenant.to_bytes()) {
            let mut counters = self.below.range(Section::Counters, &span)?;
            while counters.advance()? {
                self.written.insert((Section::Counters, counters.key().to_vec()), None);
            }
        }
        let staged = self.written.iter_mut().filter(|((section, key), _)| *section == Section::Counters && own(key));
        staged.for_each(|(_, row)| *row = None);
        Ok(())
    }

    fn append(&mut self, logged: Logged, stamp: &Stamp) -> StoreResult<()> {
        let Logged { scope, about, kind } = logged;
        self.last += 1;
        let (n, tenant, actor) = (self.last, scope.tenant(), stamp.actor.clone());
        let previous = match chain(tenant, about) {
            Some((tenant, newest)) => {
                let key = newest.of_tenant(tenant);
                let previous = self.counted(&key)?;
                self.set(key, n);
                previous
            }
            None => 0,
        };
        let change = Change { position: LogPosition::of_entry(n), tenant, about, at: stamp.at, actor, kind };
        self.log.push(LogRow::of(&Entry { change, previous })?);
        Ok(())
    }

    fn add(&mut self, counter: [u8; 17], step: i64) -> StoreResult<()> {
        let count = self.counted(&counter)?.checked_add_signed(step);
        let below_zero = || StoreError::internal("something would be counted below zero");
        self.set(counter, count.ok_or_else(below_zero)?);
        Ok(())
    }

    fn set(&mut self, counter: [u8; 17], count: u64) {
        self.written.insert((Section::Counters, counter.to_vec()), Some(count.to_be_bytes().to_vec()));
    }

    fn counted(&self, counter: &[u8; 17]) -> StoreResult<u64> {
        let row = match self.written.get(&(Section::Counters, counter.to_vec())) {
            Some(row) => row.as_deref(),
            None => self.below.row(Section::Counters, counter)?,
        };
        Ok(row.map_or(0, number))
    }
}

/// What a rule of a group sees.
pub(super) struct Seen<'a> {
    working: &'a Working,
    damages: &'a Damages,
}

impl Source for Seen<'_> {
    fn get(&self, table: Table, key: &[u8], show: &mut dyn FnMut(&[u8])) -> StoreResult<bool> {
        let row = self.working.row(Section::Rows(table), key)?;
        row.inspect(|row| show(row));
        Ok(row.is_some())
    }

    fn range(&self, table: Table, span: &Span) -> StoreResult<Box<dyn Cursor + '_>> {
        self.working.range(Section::Rows(table), span)
    }

    fn count(&self, scope: [u8; 16], counter: Counter) -> StoreResult<u64> {
        Ok(self.working.row(Section::Counters, &counter.of(scope))?.map_or(0, number))
    }

    fn met_damage(&self, damage: &Damage) {
        self.damages.note(damage);
    }

    fn expect(&self, rows: &mut dyn Iterator<Item = (Table, Vec<u8>)>) -> StoreResult<()> {
        let unwritten = |(table, key): (Table, Vec<u8>)| {
            let name = (Section::Rows(table), key);
            (!self.working.written.contains_key(&name)).then_some(name)
        };
        self.working.loaded.expect(rows.filter_map(unwritten))
    }
}
