//! An engine that is as hard on rules as one far away can be: each row that a rule did not say it would read is missing at
//! first, so the rule is run again, and every second commit meets a conflict. It counts the trips that a database would
//! have had to be asked for. Everything is in memory.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ghostworks::domain::{
    Change, ChangeBatch, HistoryId, LogPage, LogPlace, LogPosition, Quotas, Stamp, SystemEntropy, TenantId, Timestamp,
    UserId,
};
use ghostworks::store::backup::{BackupError, fill};
use ghostworks::store::check::{Check, CheckReport};
use ghostworks::store::engine::{
    Counter, Cursor, Engine, Name, Overlay, RowCount, Source, Span, Table, Tx, WHOLE, Whole,
};
use ghostworks::store::{
    Changes, Counts, ReadOnly, Store, StoreError, StoreFigures, StoreHealth, StoreResult, begin_database, history_of,
};
use tokio::sync::Semaphore;

use crate::memory_state::State;

/// A database in memory.
pub struct MemoryEngine {
    /// None once it is closed. Who reads it keeps the state of that moment.
    state: Mutex<Option<Arc<State>>>,
    /// Has its writes refused.
    pub read_only: ReadOnly,
    history: HistoryId,
    backups: Arc<Semaphore>,
    inspections: Arc<Semaphore>,
    commits: AtomicU64,
    trips: AtomicU64,
}

impl MemoryEngine {
    /// One that is open and empty.
    pub fn open() -> Self {
        let mut state = State::default();
        begin_database(&mut state, &SystemEntropy).unwrap();
        Self::over(state)
    }

    /// What is restored from a backup and the changes since, whichever engine made them.
    pub fn restored(backup: &Path, changes: &[PathBuf]) -> Result<Self, BackupError> {
        let mut state = State::default();
        fill(&mut state, backup, changes, &SystemEntropy, |_| {})?;
        Ok(Self::over(state))
    }

    fn over(state: State) -> Self {
        let history = history_of(&state).unwrap();
        let state = Mutex::new(Some(Arc::new(state)));
        let [backups, inspections] = [(); 2].map(|()| Arc::new(Semaphore::new(1)));
        let read_only = ReadOnly::default();
        Self { state, read_only, history, backups, inspections, commits: AtomicU64::new(0), trips: AtomicU64::new(0) }
    }

    /// What a check of it finds.
    pub fn check(&self) -> CheckReport {
        let mut check = Check::default();
        check.look(&*self.now().unwrap()).unwrap();
        check.report
    }

    /// How often it had to be asked for rows since the last look.
    pub fn take_trips(&self) -> u64 {
        self.trips.swap(0, Ordering::SeqCst)
    }

    fn now(&self) -> StoreResult<Arc<State>> {
        self.state.lock().unwrap().clone().ok_or_else(|| StoreError::unavailable("it is closed"))
    }

    /// Runs a rule until everything that it reads is loaded, and returns what came of it, of which state.
    fn run<T>(&self, mut rule: impl FnMut(&Loaded) -> StoreResult<T>) -> StoreResult<(T, Arc<State>)> {
        let mut loaded = BTreeSet::new();
        loop {
            let source = Loaded { state: self.now()?, loaded: RefCell::new(loaded), has_missed: Cell::new(false) };
            let result = rule(&source);
            if !source.has_missed.get() {
                return result.map(|done| (done, source.state));
            }
            self.trips.fetch_add(1, Ordering::SeqCst);
            loaded = source.loaded.into_inner();
        }
    }

    /// Writes what a rule wrote over `before`, unless something else came first.
    fn commit(&self, before: &Arc<State>, overlay: &Overlay, stamp: &Stamp) -> StoreResult<bool> {
        if self.commits.fetch_add(1, Ordering::SeqCst) % 2 == 1 {
            return Ok(false);
        }
        let mut state = self.state.lock().unwrap();
        let now = state.as_mut().ok_or_else(|| StoreError::unavailable("it is closed"))?;
        if !Arc::ptr_eq(now, before) {
            return Ok(false);
        }
        let mut next = State::clone(before);
        next.apply(overlay, stamp)?;
        *now = Arc::new(next);
        Ok(true)
    }
}

impl Engine for MemoryEngine {
    fn quotas(&self) -> Quotas {
        Quotas::default()
    }

    async fn write<T: Send + 'static>(
        &self,
        _name: Name,
        stamp: Stamp,
        rule: impl Fn(&mut Tx<'_>) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        self.read_only.admit()?;
        let mut overlay = Overlay::default();
        loop {
            let (done, before) = self.run(|source| rule(&mut Tx::new(source, &mut overlay, &stamp)))?;
            if overlay.is_empty() || self.commit(&before, &overlay, &stamp)? {
                return Ok(done);
            }
        }
    }

    async fn read<T: RowCount + Send>(
        &self,
        _name: Name,
        rule: impl Fn(&dyn Source) -> StoreResult<T> + Send,
    ) -> StoreResult<T> {
        self.run(|source| rule(source)).map(|(found, _)| found)
    }

    async fn scan<T: RowCount + Send + 'static>(
        &self,
        name: Name,
        rule: impl Fn(&dyn Source) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        self.read(name, rule).await
    }

    async fn list<T: RowCount + Send + 'static>(
        &self,
        name: Name,
        is_long: impl Fn(&dyn Source) -> StoreResult<bool> + Send,
        rule: impl Fn(&dyn Source) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        self.run(|source| is_long(source))?;
        self.read(name, rule).await
    }

    fn whole(&self) -> StoreResult<Arc<dyn Whole + Send + Sync>> {
        Ok(self.now()?)
    }

    fn backups(&self) -> &Arc<Semaphore> {
        &self.backups
    }

    fn inspections(&self) -> &Arc<Semaphore> {
        &self.inspections
    }

    async fn scrub_changes(
        &self,
        people: Vec<UserId>,
        after: LogPosition,
        limit: usize,
    ) -> StoreResult<Option<LogPosition>> {
        self.read_only.admit()?;
        let mut state = self.now()?.as_ref().clone();
        let next = state.scrub_changes(&people, after.entry(), limit)?;
        *self.state.lock().unwrap() = Some(Arc::new(state));
        Ok(next.map(LogPosition::of_entry))
    }

    async fn trim_changes(&self, before: Timestamp, limit: usize) -> StoreResult<bool> {
        self.read_only.admit()?;
        let mut state = self.now()?.as_ref().clone();
        let removed = state.trim_changes(before, limit)?;
        *self.state.lock().unwrap() = Some(Arc::new(state));
        Ok(removed == limit)
    }
}

/// Something that has to be loaded.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Need {
    Row(Table, Vec<u8>),
    Span(Table, String),
    /// What is counted in a scope comes with any row of it.
    Scope(Vec<u8>),
}

/// What was loaded of a state.
struct Loaded {
    state: Arc<State>,
    loaded: RefCell<BTreeSet<Need>>,
    has_missed: Cell<bool>,
}

impl Loaded {
    /// Refuses what is not loaded, and has it loaded for the next time.
    fn need(&self, needs: impl IntoIterator<Item = Need>) -> StoreResult<()> {
        let mut is_missing = false;
        for need in needs {
            if let Need::Row(_, key) = &need {
                self.loaded.borrow_mut().insert(Need::Scope(key.iter().take(16).copied().collect()));
            }
            is_missing |= self.loaded.borrow_mut().insert(need);
        }
        if is_missing {
            self.has_missed.set(true);
            return Err(StoreError::unavailable("a row is not loaded"));
        }
        Ok(())
    }
}

impl Source for Loaded {
    fn get(&self, table: Table, key: &[u8], show: &mut dyn FnMut(&[u8])) -> StoreResult<bool> {
        self.need([Need::Row(table, key.to_vec())])?;
        self.state.get(table, key, show)
    }

    fn range(&self, table: Table, span: &Span) -> StoreResult<Box<dyn Cursor + '_>> {
        self.need([Need::Span(table, format!("{span:?}"))])?;
        self.state.range(table, span)
    }

    fn count(&self, scope: [u8; 16], counter: Counter) -> StoreResult<u64> {
        self.need([Need::Scope(scope.to_vec())])?;
        self.state.count(scope, counter)
    }

    fn expect(&self, rows: &mut dyn Iterator<Item = (Table, Vec<u8>)>) -> StoreResult<()> {
        self.need(rows.map(|(table, key)| Need::Row(table, key)))
    }
}

#[async_trait]
impl Changes for MemoryEngine {
    async fn changes(&self, after: LogPosition, limit: usize) -> StoreResult<ChangeBatch> {
        let mut later = self.now()?.log()?.into_iter().filter(|change| change.position > after);
        let changes: Vec<Change> = later.by_ref().take(limit).collect();
        let end = changes.last().map_or(after, |change| change.position);
        let has_gaps = end.entries_since(after) != changes.len() as u64;
        Ok(ChangeBatch { changes, end, has_more: later.next().is_some(), has_gaps })
    }

    async fn newest_change(&self, tenant: Option<TenantId>) -> StoreResult<LogPosition> {
        let log = self.now()?.log()?;
        let newest = log.iter().rev().find(|change| tenant.is_none() || change.tenant == tenant);
        Ok(newest.map_or(LogPosition::START, |change| change.position))
    }

    async fn changes_of(&self, tenant: TenantId, from: Option<LogPlace>, limit: usize) -> StoreResult<LogPage> {
        let log = self.now()?.log()?;
        // A place is the position that the page before ended at, and whose page that was.
        let place = |entry: u64| LogPlace([entry.to_be_bytes().as_slice(), &tenant.to_bytes()].concat());
        let before = match &from {
            None => u64::MAX,
            Some(LogPlace(bytes)) => {
                let entry = bytes.first_chunk().map_or(0, |entry| u64::from_be_bytes(*entry));
                if place(entry) == LogPlace(bytes.clone()) { entry } else { 0 }
            }
        };
        let is_own = |change: &&Change| change.tenant == Some(tenant) || change.about == Some(tenant);
        let mut own = log.iter().rev().filter(is_own).filter(|change| change.position.entry() < before);
        let items: Vec<Change> = own.by_ref().take(limit).cloned().collect();
        let next = own.next().and(items.last()).map(|change| place(change.position.entry()));
        Ok(LogPage { items, damaged: 0, next })
    }
}

#[async_trait]
impl Store for MemoryEngine {
    fn history(&self) -> HistoryId {
        self.history
    }

    async fn counts(&self) -> StoreResult<Counts> {
        let state = self.now()?;
        let count = |counter| state.count(WHOLE, counter);
        Ok(Counts {
            users: count(Counter::Users)?,
            workspaces: count(Counter::Workspaces)?,
            artifacts: count(Counter::Artifacts)?,
            active_artifacts: count(Counter::ActiveArtifacts)?,
        })
    }

    async fn health(&self) -> StoreHealth {
        let state = self.now();
        StoreHealth {
            readable: state.is_ok(),
            writable: state.as_ref().map(drop).map_err(Clone::clone),
            newest_change: LogPosition::of_entry(state.map_or(0, |state| state.last_entry())),
            queue_depth: 0,
            damaged: Vec::new(),
            remote: None,
        }
    }

    fn figures(&self) -> StoreFigures {
        StoreFigures { writable: self.now().is_ok(), ..StoreFigures::default() }
    }

    async fn close(&self) -> StoreResult<()> {
        *self.state.lock().unwrap() = None;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ghostworks::store::{Artifacts as _, Members as _, Workspaces as _};

    use super::*;
    use crate::world::World;

    #[tokio::test]
    async fn a_list_takes_as_few_trips_if_it_is_long() {
        let engine = Arc::new(MemoryEngine::open());
        let world = World::over(engine.clone(), None);
        let ann = world.user("ann").await.id;
        let tenant = world.workspace(ann).await;
        for number in 0..30 {
            let user = world.user(&format!("user{number}")).await.id;
            engine.add_member(tenant, user, ghostworks::domain::Role::Member, ann, world.stamp()).await.unwrap();
            world.workspace(ann).await;
        }
        let artifacts = [world.artifact(tenant, ann, "Anvil").await.id, world.artifact(tenant, ann, "Awl").await.id];

        engine.take_trips();
        assert_eq!(engine.members_of(tenant).await.unwrap().len(), 31);
        let members = engine.take_trips();
        assert_eq!(engine.workspaces_of(ann).await.unwrap().len(), 31);
        let workspaces = engine.take_trips();
        assert_eq!(engine.artifacts_by_id(tenant, artifacts.to_vec()).await.unwrap().artifacts.len(), 2);
        assert_eq!((members, workspaces, engine.take_trips()), (4, 3, 1));
    }
}
