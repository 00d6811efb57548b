//! What a place has, and what of it leads to a moment.

use thiserror::Error;

use super::name::{KeptBackup, KeptChanges, Provenance};
use crate::domain::Timestamp;
use crate::store::Checkpoint;

/// The backups and changes of a place, each in the order of their times.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// The backups.
    pub backups: Vec<KeptBackup>,
    /// The changes.
    pub changes: Vec<KeptChanges>,
}

/// A backup, and the changes that lead from it to a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The backup.
    pub backup: KeptBackup,
    /// The changes, in the order in which they are to be added to it.
    pub changes: Vec<KeptChanges>,
}

/// Why nothing leads to a moment: one sentence that says what does.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoRoute {
    /// There is no backup at all.
    #[error("there is no backup")]
    NoBackup,
    /// All backups are of later.
    #[error("there is no backup of {to} or before; the earliest is reached by --to {oldest}")]
    TooEarly {
        /// The moment that was wanted.
        to: Timestamp,
        /// When the oldest backup was made.
        oldest: Timestamp,
    },
    /// Changes are missing.
    #[error("changes between {from} and {to} are missing; --to {from} reaches what was before")]
    Gap {
        /// What leads up to here is there.
        from: Timestamp,
        /// What comes next is of then.
        to: Timestamp,
    },
}

impl Inventory {
    /// What these names stand for. What is not ours is left out.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a String>) -> Self {
        let (mut backups, mut changes) = (Vec::new(), Vec::new());
        for name in names {
            backups.extend(KeptBackup::of(name));
            changes.extend(KeptChanges::of(name));
        }
        backups.sort_unstable_by_key(|backup: &KeptBackup| backup.time);
        changes.sort_unstable_by_key(|changes: &KeptChanges| changes.time);
        Self { backups, changes }
    }

    /// The newest backup that is not of later than `to`.
    pub fn newest_backup(&self, to: Timestamp) -> Option<KeptBackup> {
        self.backups.iter().rfind(|backup| backup.time <= to).copied()
    }

    /// The same, with only what comes from there.
    pub fn from(&self, origin: Provenance) -> Self {
        let backups = self.backups.iter().filter(|backup| backup.origin == Some(origin)).copied().collect();
        let changes = self.changes.iter().filter(|changes| changes.origin == Some(origin)).copied().collect();
        Self { backups, changes }
    }

    /// What leads to `to`, or as near before it as there is something.
    pub fn route_to(&self, to: Timestamp) -> Result<Route, NoRoute> {
        let Some(backup) = self.newest_backup(to) else {
            let oldest = self.backups.first().ok_or(NoRoute::NoBackup)?.time;
            return Err(NoRoute::TooEarly { to, oldest });
        };
        self.route_from(&backup, to)
    }

    /// What leads from a backup to `to`, or as near before it as there is something. Changes may begin before a backup
    /// ends, for they are read beside it.
    pub fn route_from(&self, backup: &KeptBackup, to: Timestamp) -> Result<Route, NoRoute> {
        let mut route = Route { backup: *backup, changes: Vec::new() };
        let own = self.changes.iter().filter(|changes| changes.origin == backup.origin);
        for &changes in own.filter(|changes| changes.time > backup.time && changes.time <= to) {
            let gap = NoRoute::Gap { from: route.time(), to: changes.time };
            let Some(at) = route.checkpoint() else { return Err(gap) };
            if changes.to.position <= at.position {
                continue;
            }
            if changes.from.position > at.position || (changes.from.position == at.position && changes.from != at) {
                return Err(gap);
            }
            route.changes.push(changes);
        }
        Ok(route)
    }

    /// What leads from a backup on, until the first gap.
    pub fn unbroken_from(&self, backup: &KeptBackup) -> Route {
        let alone = Route { backup: *backup, changes: Vec::new() };
        match self.route_from(backup, Timestamp::MAX) {
            Ok(route) => route,
            Err(NoRoute::Gap { from, .. }) => self.route_from(backup, from).unwrap_or(alone),
            Err(_) => alone,
        }
    }
}

impl Route {
    /// The moment that it leads to.
    pub fn time(&self) -> Timestamp {
        self.changes.last().map_or(self.backup.time, |changes| changes.time)
    }

    /// How far the database is then; none for a backup of an earlier version.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        self.changes.last().map_or(self.backup.checkpoint, |changes| Some(changes.to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::LogPosition;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    fn checkpoint(entry: u64, mark: u32) -> Checkpoint {
        Checkpoint { position: LogPosition::of_entry(entry), mark }
    }

    fn backup(second: i64, entry: u64) -> String {
        KeptBackup { time: at(second), origin: None, checkpoint: Some(checkpoint(entry, 0)) }.name()
    }

    fn changes(second: i64, from: u64, to: u64) -> String {
        KeptChanges { time: at(second), origin: None, from: checkpoint(from, 0), to: checkpoint(to, 0) }.name()
    }

    /// The positions that a route leads over.
    fn over(names: &[String], to: i64) -> Result<Vec<u64>, NoRoute> {
        let route = Inventory::of(names).route_to(at(to))?;
        let changes = route.changes.iter().map(|changes| changes.to.position.entry());
        Ok([route.backup.checkpoint.unwrap().position.entry()].into_iter().chain(changes).collect())
    }

    #[test]
    fn a_route_is_the_newest_backup_and_what_comes_after_it() {
        let names = [changes(10, 0, 3), backup(0, 0), changes(30, 3, 9), backup(20, 5), changes(40, 9, 11)];
        assert_eq!(over(&names, 9), Ok(vec![0]));
        assert_eq!(over(&names, 19), Ok(vec![0, 3]));
        assert_eq!(over(&names, 20), Ok(vec![5]));
        assert_eq!(over(&names, 1000), Ok(vec![5, 9, 11]));
        assert_eq!(Inventory::of(&names).route_to(at(35)).unwrap().time(), at(30));
        assert_eq!(over(&names, -1), Err(NoRoute::TooEarly { to: at(-1), oldest: at(0) }));
        assert_eq!(over(&names[..1], 20), Err(NoRoute::NoBackup));
    }

    #[test]
    fn what_was_sent_twice_is_taken_once() {
        let names = [backup(0, 0), changes(10, 0, 3), changes(11, 0, 3), changes(12, 0, 4)];
        assert_eq!(over(&names, 20), Ok(vec![0, 3, 4]));
    }

    #[test]
    fn a_gap_is_told_of() {
        let names = [backup(0, 0), changes(10, 0, 3), changes(20, 4, 5), backup(30, 5), changes(40, 5, 6)];
        assert_eq!(over(&names, 15), Ok(vec![0, 3]));
        assert_eq!(over(&names, 25), Err(NoRoute::Gap { from: at(10), to: at(20) }));
        assert_eq!(over(&names, 50), Ok(vec![5, 6]));
        let other = KeptChanges { time: at(20), origin: None, from: checkpoint(3, 1), to: checkpoint(5, 1) }.name();
        assert_eq!(over(&[backup(0, 0), changes(10, 0, 3), other], 25), Err(NoRoute::Gap { from: at(10), to: at(20) }));
        let origin = "00000001.00000002".parse().ok();
        let restored = KeptChanges { time: at(20), origin, from: checkpoint(3, 0), to: checkpoint(5, 0) }.name();
        assert_eq!(over(&[backup(0, 0), changes(10, 0, 3), restored], 25), Ok(vec![0, 3]), "of another history");
        let old = "ghostworks-20200101T000000Z.backup".to_owned();
        assert!(matches!(over(&[old, changes(10, 0, 3)], 25), Err(NoRoute::Gap { .. })));
    }

    #[test]
    fn what_comes_before_a_gap_leads_on() {
        let names = [backup(0, 1), changes(5, 1, 4), changes(10, 4, 6), changes(20, 9, 12)];
        let inventory = Inventory::of(&names);
        let route = inventory.unbroken_from(&inventory.backups[0]);
        assert_eq!((route.time(), route.changes.len()), (at(10), 2));
    }
}
