//! Backups by schedule: made when the last one is old enough, and kept until there are newer ones.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use super::Service;
use crate::backups::{Place, PlaceError};
use crate::domain::Timestamp;

/// How the names of backups are made from the time, so that their order is that of their times.
const NAME: &str = "ghostworks-%Y%m%dT%H%M%SZ.backup";

/// How long it takes until a backup that failed is tried again, unless the next one is due sooner.
const RETRY: Duration = Duration::from_secs(60);

/// When backups are made, and how many are kept where.
pub struct BackupSchedule {
    place: Place,
    every: Duration,
    keep: usize,
    health: Mutex<BackupHealth>,
}

/// How the scheduled backups do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackupHealth {
    /// When the newest one was made.
    pub last: Option<Timestamp>,
    /// Whether the last attempt failed.
    pub is_failing: bool,
}

impl BackupSchedule {
    /// A backup to `place` each time the newest one there is this old, of which the last `keep` are kept.
    pub fn new(place: Place, every: Duration, keep: usize) -> Self {
        Self { place, every, keep, health: Mutex::default() }
    }

    /// How they do.
    pub fn health(&self) -> BackupHealth {
        *self.locked()
    }

    fn locked(&self) -> MutexGuard<'_, BackupHealth> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The times of the backups that are there, the newest first.
    async fn times(&self) -> Result<Vec<Timestamp>, PlaceError> {
        let names = self.place.names().await?;
        let mut times: Vec<Timestamp> = names.iter().filter_map(|name| time_of(name)).collect();
        times.sort_unstable_by(|one, other| other.cmp(one));
        Ok(times)
    }
}

impl Service {
    /// Makes backups until `end`, if that is wanted.
    pub async fn keep_backups(&self, end: impl Future<Output = ()>) {
        let Some(schedule) = &self.backups else { return };
        tokio::pin!(end);
        loop {
            let pause = tokio::select! {
                () = &mut end => return,
                made = self.back_up_if_due(schedule) => match made {
                    Ok(pause) => pause,
                    Err(error) => {
                        schedule.locked().is_failing = true;
                        self.telemetry.metrics().backup_ended(false);
                        tracing::error!(%error, "there was no backup; it will be tried again");
                        RETRY.min(schedule.every)
                    }
                },
            };
            tokio::select! {
                () = &mut end => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Makes a backup if the newest is old enough, and tells when to look again.
    async fn back_up_if_due(&self, schedule: &BackupSchedule) -> Result<Duration, PlaceError> {
        let mut times = schedule.times().await?;
        let now = self.clock.now();
        // A clock that was wrong may have made one in the future, which says nothing about the past.
        let newest = times.iter().find(|&&time| time <= now).copied();
        schedule.locked().last = newest;
        let age = newest.map(|newest| now.duration_since(newest).unsigned_abs());
        if let Some(pause) = age.and_then(|age| schedule.every.checked_sub(age)).filter(|pause| !pause.is_zero()) {
            schedule.locked().is_failing = false;
            return Ok(pause);
        }
        let name = name_of(now);
        let bytes = schedule.place.keep(&name, self.store.backup().await?).await?;
        *schedule.locked() = BackupHealth { last: Some(now), is_failing: false };
        self.telemetry.metrics().backup_ended(true);
        tracing::info!(name, bytes, "a backup was made");
        times.insert(0, now);
        for old in times.split_off(schedule.keep.min(times.len())) {
            let name = name_of(old);
            if let Err(error) = schedule.place.remove(&name).await {
                tracing::warn!(name, %error, "a backup that is not needed any more can't be removed");
            }
        }
        Ok(schedule.every)
    }
}

fn name_of(time: Timestamp) -> String {
    time.strftime(NAME).to_string()
}

/// The time of a backup; none for what is no backup of ours.
fn time_of(name: &str) -> Option<Timestamp> {
    let time = strtime::parse(NAME, name).ok()?.to_datetime().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
    (name_of(time) == name).then_some(time)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_name_is_a_time_and_nothing_else_is() {
        let time: Timestamp = "2026-11-25T22:07:09Z".parse().unwrap();
        assert_eq!(name_of(time), "ghostworks-20261125T220709Z.backup");
        assert_eq!(time_of(&name_of(time)), Some(time));
        let late = time.checked_add(SignedDuration::from_millis(999)).unwrap();
        assert_eq!(time_of(&name_of(late)), Some(time));
        for other in ["", "ghostworks-20261125T220709Z.backup.partial", "ghostworks-20261125T250709Z.backup", "notes"] {
            assert_eq!(time_of(other), None, "{other}");
        }
    }
}
