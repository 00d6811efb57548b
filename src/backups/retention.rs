//! What of the backups and changes of an owner is needed no longer.

use std::collections::BTreeMap;

use super::{Inventory, KeptBackup, KeptChanges};
use crate::domain::Timestamp;

impl Inventory {
    /// The names of what may go when the last `keep` backups stay, and the changes since the oldest of them. The newest
    /// backup of each history stays as well, with its changes: a database that was begun or restored by mistake never
    /// costs the last state of the one before.
    pub fn not_needed(&self, keep: usize) -> Vec<String> {
        let newest: BTreeMap<_, _> = self.backups.iter().map(|backup| (backup.origin, backup.time)).collect();
        let surplus = self.backups.len().saturating_sub(keep);
        let (old, last) = self.backups.split_at(surplus);
        let (stay, go): (Vec<_>, Vec<_>) = old.iter().partition(|old| newest.get(&old.origin) == Some(&old.time));
        // The oldest that stays of each history: times are in order.
        let mut oldest = BTreeMap::new();
        for backup in stay.into_iter().chain(last) {
            oldest.entry(backup.origin).or_insert(backup.time);
        }
        let is_needed = |changes: &KeptChanges| {
            oldest.get(&changes.origin).is_some_and(|oldest: &Timestamp| changes.time >= *oldest)
        };
        let changes = self.changes.iter().filter(|changes| !is_needed(changes));
        go.into_iter().map(KeptBackup::name).chain(changes.map(KeptChanges::name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backups::name::Provenance;
    use crate::domain::{HistoryId, InstallationId, LogPosition};
    use crate::store::Checkpoint;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    /// Of an installation's history; 0 for what names neither.
    fn origin(history: u8) -> Option<Provenance> {
        let installation = InstallationId::from_bytes([1; 16]).short();
        let history = (history > 0).then(|| HistoryId::from_bytes([history; 16]).short());
        history.map(|history| Provenance { installation, history })
    }

    fn backup(second: i64, history: u8) -> KeptBackup {
        KeptBackup {
            time: at(second),
            origin: origin(history),
            checkpoint: Some(Checkpoint { position: LogPosition::START, mark: 0 }),
        }
    }

    fn changes(second: i64, history: u8) -> KeptChanges {
        let checkpoint = Checkpoint { position: LogPosition::START, mark: 0 };
        KeptChanges { time: at(second), origin: origin(history), from: checkpoint, to: checkpoint }
    }

    /// The seconds of what goes.
    fn go(backups: &[(i64, u8)], shipped: &[(i64, u8)], keep: usize) -> Vec<i64> {
        let backups: Vec<_> = backups.iter().map(|(second, history)| backup(*second, *history)).collect();
        let shipped: Vec<_> = shipped.iter().map(|(second, history)| changes(*second, *history)).collect();
        let seconds =
            backups.iter().map(|it| (it.name(), it.time)).chain(shipped.iter().map(|it| (it.name(), it.time)));
        let seconds: BTreeMap<String, Timestamp> = seconds.collect();
        let names = Inventory { backups, changes: shipped }.not_needed(keep);
        names.iter().map(|name| seconds[name].as_second() - 1_795_000_000).collect()
    }

    #[test]
    fn of_one_history_the_last_stay_and_what_came_after_them() {
        let backups = [(0, 1), (10, 1), (20, 1)];
        assert_eq!(go(&backups, &[(5, 1), (15, 1), (25, 1)], 2), [0, 5]);
        assert_eq!(go(&backups, &[(5, 1), (15, 1), (25, 1)], 1), [0, 10, 5, 15]);
        assert_eq!(go(&backups, &[(5, 1)], 3), [0; 0]);
        assert_eq!(go(&[], &[(5, 1)], 1), [5], "they lead from nothing");
    }

    #[test]
    fn of_each_history_the_last_state_stays() {
        let backups = [(0, 1), (10, 1), (20, 2), (30, 3), (40, 3)];
        assert_eq!(go(&backups, &[(5, 1), (15, 1), (25, 2), (35, 3), (45, 3)], 1), [0, 30, 5, 35]);
        let seven: Vec<(i64, u8)> = (0..7).map(|start| (i64::from(start), start + 1)).collect();
        assert_eq!(go(&seven, &[], 1), [0; 0], "a new database each time");
        assert_eq!(go(&[(0, 0), (10, 0), (20, 1)], &[(5, 0), (15, 0)], 1), [0, 5], "also of an earlier version");
    }
}
