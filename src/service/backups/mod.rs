//! Backups by schedule: made when the last one is old enough, and kept until there are newer ones. Between them,
//! changes are shipped to the same place, which belongs to this installation alone.

mod ownership;
mod shipping;
mod telling;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use jiff::SignedDuration;
use tokio::sync::{Mutex as TurnMutex, Notify};

use super::Service;
use super::lease::Term;
use crate::backups::{Inventory, KeptBackup, Place, PlaceError, Provenance, Tombstone};
use crate::domain::{InstallationId, Timestamp};
use crate::followers::{Failure, Task};
use crate::store::StoreResult;

use self::shipping::Chain;

pub use self::shipping::ShipChanges;

/// The longest pause until a backup that failed is tried again, unless the next one is due sooner.
const RETRY: Duration = Duration::from_secs(60);

/// How often the content of the place is checked, at least: somebody may have removed it.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Where backups go, when they are made, and how many are kept: what can change while the server runs.
pub struct BackupTerms {
    /// The place that they are kept in.
    pub place: Place,
    /// How old the newest one there may get.
    pub every: Duration,
    /// How many are kept.
    pub keep: usize,
}

/// When backups are made, how many are kept where, and how often changes are shipped.
pub struct BackupSchedule {
    terms: ArcSwap<BackupTerms>,
    /// Whose backups these are.
    installation: InstallationId,
    /// Where that is, for people who look at the place.
    whereabouts: String,
    /// None when changes are not shipped.
    changes_every: Option<Duration>,
    health: Mutex<BackupHealth>,
    /// When the backups were made that were there at the last look.
    kept: Mutex<Vec<Timestamp>>,
    chain: Mutex<Chain>,
    /// The term of the lease that what is known of the place was found out in.
    term: Mutex<Option<i64>>,
    /// How long it takes until the next backup is due, from the end of the last turn.
    pause: Mutex<Duration>,
    /// Who was deleted, as it was last made known in the place.
    tombstones: Mutex<Option<Vec<Tombstone>>>,
    /// Has a backup made before it is due.
    wanted: Notify,
    /// When the database was last read: what is read later has a later time, whatever the clock says.
    read_at: TurnMutex<Timestamp>,
}

/// How the scheduled backups do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackupHealth {
    /// When the newest one was made.
    pub last: Option<Timestamp>,
    /// Whether the last attempt failed.
    pub is_failing: bool,
    /// Whether the place belongs to another installation, or to nobody who is known.
    pub is_foreign: bool,
    /// Up to when every change was shipped.
    pub shipped: Option<Timestamp>,
    /// Whether changes were not shipped the last time.
    pub is_shipping_failing: bool,
    /// Whether another node makes them, or none does.
    pub is_elsewhere: bool,
}

/// What is planned, and what there is of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackupPlan {
    /// How old the newest backup may get.
    pub every: Duration,
    /// How many are kept.
    pub keep: usize,
    /// When those were made that were there at the last look, the oldest first.
    pub kept: Vec<Timestamp>,
}

impl BackupSchedule {
    /// Backups on these terms, and what has changed since the last one, this often. They are made for an installation, whose
    /// whereabouts are for people.
    pub fn new(
        terms: BackupTerms,
        (installation, whereabouts): (InstallationId, String),
        changes_every: Option<Duration>,
    ) -> Self {
        Self {
            terms: ArcSwap::from_pointee(terms),
            installation,
            whereabouts,
            changes_every,
            health: Mutex::default(),
            kept: Mutex::default(),
            chain: Mutex::default(),
            term: Mutex::default(),
            pause: Mutex::default(),
            tombstones: Mutex::default(),
            wanted: Notify::new(),
            read_at: TurnMutex::new(Timestamp::MIN),
        }
    }

    /// Goes by other terms from now on.
    pub fn set_terms(&self, terms: BackupTerms) {
        self.terms.store(Arc::new(terms));
        *self.tombstones() = None;
        self.wanted.notify_one();
    }

    fn terms(&self) -> Arc<BackupTerms> {
        self.terms.load_full()
    }

    /// How they do.
    pub fn health(&self) -> BackupHealth {
        *self.locked()
    }

    /// What is planned, and what there was of it at the last look.
    pub fn plan(&self) -> BackupPlan {
        let terms = self.terms();
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        BackupPlan { every: terms.every, keep: terms.keep, kept }
    }

    /// Notes what is there.
    fn saw(&self, own: &Inventory) {
        let kept = own.backups.iter().map(|backup| backup.time).collect();
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = kept;
    }

    /// Forgets what was found out about the place in an earlier term: other nodes may have had it since.
    fn begin(&self, term: &Term) {
        let before = self.term.lock().unwrap_or_else(PoisonError::into_inner).replace(term.number);
        if before.is_some_and(|before| before != term.number) {
            *self.chain() = Chain::Unknown;
            *self.tombstones() = None;
            self.wanted.notify_one();
        }
    }

    fn locked(&self) -> MutexGuard<'_, BackupHealth> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn chain(&self) -> MutexGuard<'_, Chain> {
        self.chain.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tombstones(&self) -> MutexGuard<'_, Option<Vec<Tombstone>>> {
        self.tombstones.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pause(&self) -> MutexGuard<'_, Duration> {
        self.pause.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether changes are shipped between backups.
    pub fn ships_changes(&self) -> bool {
        self.changes_every.is_some()
    }

    /// Notes that a look at the place went well, and when its newest backup was made.
    fn looked(&self, last: Option<Timestamp>) {
        let mut health = self.locked();
        (health.last, health.is_failing, health.is_foreign) = (last, false, false);
    }

    /// Notes that there was no backup, and whether that is so because the place is not ours.
    fn failed(&self, error: &PlaceError) {
        let mut health = self.locked();
        (health.is_failing, health.is_foreign) = (true, error.is_of_ownership());
    }

    /// Removes what of its own is too old.
    async fn remove_old(&self, own: &Inventory) {
        for name in own.not_needed(self.terms().keep) {
            if let Err(error) = self.terms().place.remove(&name).await {
                tracing::warn!(name, %error, "what is not needed any more can't be removed");
            }
        }
    }
}

/// The background task that makes backups when they are due.
pub struct MakeBackups {
    service: Arc<Service>,
    schedule: Arc<BackupSchedule>,
}

impl MakeBackups {
    /// The task for a service, by this schedule.
    pub fn new(service: Arc<Service>, schedule: Arc<BackupSchedule>) -> Self {
        Self { service, schedule }
    }
}

#[async_trait]
impl Task for MakeBackups {
    fn name(&self) -> &'static str {
        "backups"
    }

    async fn turn(&self) -> Result<(), Failure> {
        let schedule = &self.schedule;
        let lease = &self.service.lease;
        // Of several nodes one makes them.
        schedule.begin(&lease.until_held().await);
        let pause = *schedule.pause();
        tokio::select! {
            () = schedule.wanted.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
        // Should it end early, the next turn does not wait for longer than the pause after a failure.
        *schedule.pause() = Duration::ZERO;
        let was_failing = schedule.health().is_failing;
        let term = lease.until_held().await;
        schedule.begin(&term);
        let work = self.service.back_up_if_due(schedule, &term);
        let work = lease.during(&term, self.service.telemetry.background("backup", work));
        // Given up in the middle, it is for another node.
        let Some(done) = work.await else { return Ok(()) };
        match done {
            Ok(pause) => {
                *schedule.pause() = pause;
                if was_failing {
                    self.service.tell_that_backups_work(&schedule.whereabouts).await;
                }
                Ok(())
            }
            Err(error) => {
                schedule.failed(&error);
                self.service.telemetry.metrics().backup_ended(false);
                // Once, however often it is tried.
                if !was_failing {
                    self.service.tell_that_backups_fail(&schedule.whereabouts, &error).await;
                }
                Err(Failure::new("there was no backup", error))
            }
        }
    }

    fn longest_pause(&self) -> Duration {
        RETRY.min(self.schedule.terms().every)
    }
}

impl Service {
    /// Makes a backup if the newest is old enough or changes can't go on from it, and returns when to look again.
    async fn back_up_if_due(&self, schedule: &BackupSchedule, term: &Term) -> Result<Duration, PlaceError> {
        let chain = *schedule.chain();
        let inventory = Inventory::of(schedule.terms().place.list().await?.keys());
        let owner = self.own(schedule, &inventory).await?;
        self.ship_tombstones(schedule).await?;
        let now = self.clock.now();
        let (origin, mut own) = (self.origin(schedule), owner.own(&inventory));
        let current = own.from(origin);
        // A clock that was wrong may have made one in the future, which says nothing about the past.
        let newest = current.newest_backup(now).map(|backup| backup.time);
        let is_needed = schedule.needs_backup(chain, &current, now);
        let age = newest.map(|newest| now.duration_since(newest).unsigned_abs());
        let pause = age.and_then(|age| schedule.terms().every.checked_sub(age)).filter(|pause| !pause.is_zero());
        schedule.saw(&own);
        if let Some(pause) = pause.filter(|_| !is_needed) {
            schedule.looked(newest);
            return Ok(pause.min(LOOK_EVERY));
        }
        self.lease.require(term).await?;
        let (backup, time) = self.read_at_a_time(schedule, self.store.backup()).await?;
        let kept = KeptBackup { time, origin: Some(origin), checkpoint: Some(backup.end()) };
        let name = kept.name();
        let bytes = schedule.terms().place.keep(&name, backup).await?;
        schedule.go_on_from(&kept);
        schedule.looked(Some(time));
        self.telemetry.metrics().backup_ended(true);
        tracing::info!(name, bytes, "a backup was made");
        own.backups.push(kept);
        schedule.saw(&own);
        self.lease.require(term).await?;
        // It took its time, and somebody may have taken the place over: then nothing is removed, but there is a backup.
        match schedule.terms().place.require_owner(schedule.installation).await {
            Ok(_) => schedule.remove_old(&own).await,
            Err(error) => tracing::warn!(%error, "older backups were not removed"),
        }
        Ok(schedule.terms().every.min(LOOK_EVERY))
    }

    /// Has it known in the place who was deleted, if something is new since it was last.
    async fn ship_tombstones(&self, schedule: &BackupSchedule) -> Result<(), PlaceError> {
        self.tombstones.refresh().await?;
        let all = self.tombstones.all();
        if schedule.tombstones().as_ref() == Some(&all) {
            return Ok(());
        }
        schedule.terms().place.keep_tombstones(&all).await?;
        *schedule.tombstones() = Some(all);
        Ok(())
    }

    /// Where what is kept comes from.
    fn origin(&self, schedule: &BackupSchedule) -> Provenance {
        Provenance { installation: schedule.installation.short(), history: self.store.history().short() }
    }

    /// Begins to read the database, and returns a time that all of it was written before: in milliseconds, and another
    /// one for each.
    async fn read_at_a_time<T>(
        &self,
        schedule: &BackupSchedule,
        read: impl Future<Output = StoreResult<T>>,
    ) -> StoreResult<(T, Timestamp)> {
        let mut before = schedule.read_at.lock().await;
        let read = read.await?;
        let next = before.checked_add(SignedDuration::from_millis(1)).unwrap_or(*before);
        *before = in_milliseconds(self.clock.now()).max(next);
        Ok((read, *before))
    }
}

/// The first whole millisecond that is not before `time`.
fn in_milliseconds(time: Timestamp) -> Timestamp {
    let millisecond = time.as_microsecond().div_euclid(1000) + i64::from(time.as_microsecond().rem_euclid(1000) > 0);
    Timestamp::from_millisecond(millisecond).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_never_before_the_moment_it_is_of() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let whole = time("2026-11-25T22:07:09.012Z");
        assert_eq!(in_milliseconds(whole), whole);
        assert_eq!(in_milliseconds(time("2026-11-25T22:07:09.011001Z")), whole);
    }
}
