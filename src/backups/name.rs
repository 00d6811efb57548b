//! The names of what is kept: the time of each, and which part of the history is in it.
//!
//! A backup is `ghostworks-20261126T013000.123Z-4711.9f86d081.backup`: it goes up to the 4711th entry of the change
//! log, and the rest is that entry's mark. Changes are
//! `ghostworks-20261126T013010.456Z-4711.9f86d081-4718.5fec02aa.changes`. Nothing in either was written after the time.
//! Earlier versions named backups by the second alone.

use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use crate::domain::Timestamp;
use crate::store::Position;

const PREFIX: &str = "ghostworks-";
const BACKUP: &str = ".backup";
const CHANGES: &str = ".changes";
/// How times are written, and how those of earlier versions are.
const TIME: &str = "%Y%m%dT%H%M%S%.3fZ";
const SECONDS: &str = "%Y%m%dT%H%M%SZ";
/// Reads both.
const ANY_TIME: &str = "%Y%m%dT%H%M%S%.fZ";

/// A backup that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptBackup {
    /// When it was made.
    pub time: Timestamp,
    /// How far it goes; none for one of an earlier version, which did not tell.
    pub position: Option<Position>,
}

impl KeptBackup {
    /// What it is called.
    pub fn name(&self) -> String {
        match self.position {
            Some(position) => format!("{PREFIX}{}-{position}{BACKUP}", self.time.strftime(TIME)),
            None => format!("{PREFIX}{}{BACKUP}", self.time.strftime(SECONDS)),
        }
    }

    /// The one of this name; none for what is no backup of ours.
    pub(super) fn of(name: &str) -> Option<Self> {
        let parts = name.strip_prefix(PREFIX)?.strip_suffix(BACKUP)?;
        let backup = match parts.split_once('-') {
            Some((time, position)) => Self { time: time_of(time)?, position: Some(position.parse().ok()?) },
            None => Self { time: time_of(parts)?, position: None },
        };
        (backup.name() == name).then_some(backup)
    }
}

/// Changes that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptChanges {
    /// When they were read.
    pub time: Timestamp,
    /// What they come after.
    pub from: Position,
    /// How far they go.
    pub to: Position,
}

impl KeptChanges {
    /// What they are called.
    pub fn name(&self) -> String {
        format!("{PREFIX}{}-{}-{}{CHANGES}", self.time.strftime(TIME), self.from, self.to)
    }

    /// Those of this name; none for what are no changes of ours.
    pub(super) fn of(name: &str) -> Option<Self> {
        let mut parts = name.strip_prefix(PREFIX)?.strip_suffix(CHANGES)?.splitn(3, '-');
        let time = time_of(parts.next()?)?;
        let (from, to) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let changes = Self { time, from, to };
        (changes.name() == name).then_some(changes)
    }
}

/// Whether something of this name is a set of changes.
pub(super) fn is_of_changes(name: &str) -> bool {
    name.ends_with(CHANGES)
}

fn time_of(text: &str) -> Option<Timestamp> {
    Some(strtime::parse(ANY_TIME, text).ok()?.to_datetime().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: &str = "2026-11-25T22:07:09.012Z";

    fn position(seq: u64) -> Position {
        Position { seq, mark: 0x00c0_ffee }
    }

    #[test]
    fn a_name_tells_what_it_is_of() {
        let time: Timestamp = AT.parse().unwrap();
        let backup = KeptBackup { time, position: Some(position(7)) };
        assert_eq!(backup.name(), "ghostworks-20261125T220709.012Z-7.00c0ffee.backup");
        assert_eq!(KeptBackup::of(&backup.name()), Some(backup));
        let changes = KeptChanges { time, from: position(7), to: position(10) };
        assert_eq!(changes.name(), "ghostworks-20261125T220709.012Z-7.00c0ffee-10.00c0ffee.changes");
        assert_eq!(KeptChanges::of(&changes.name()), Some(changes));
        let old = KeptBackup::of("ghostworks-20261125T220709Z.backup").unwrap();
        assert_eq!((old.time.to_string().as_str(), old.position), ("2026-11-25T22:07:09Z", None));
    }

    #[test]
    fn nothing_else_is_ours() {
        for other in [
            "",
            "notes",
            "ghostworks-20261125T220709Z.backup.partial",
            "ghostworks-20261125T250709Z.backup",
            "ghostworks-20261125T220709.012Z.backup",
            "ghostworks-20261125T220709.012Z-7.backup",
            "ghostworks-20261125T220709Z-7.00c0ffee.backup",
            "ghostworks-20261125T220709.012Z-7.00C0FFEE.backup",
            "ghostworks-20261125T220709.012Z-7.00c0ffee.changes",
            "ghostworks-20261125T220709.012Z-7.00c0ffee-10.00c0ffee-11.00c0ffee.changes",
        ] {
            assert_eq!((KeptBackup::of(other), KeptChanges::of(other)), (None, None), "{other}");
        }
    }
}
