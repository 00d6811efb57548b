//! The names of what is kept: the time of each, and which part of the history is in it.
//!
//! A backup is `ghostworks-20261126T013000.123Z-5b1a20c4.a3f00e17-4711.9f86d081.backup`: it was made by the installation
//! `5b1a20c4` of the history `a3f00e17`, and goes up to the 4711th entry of the change log; the rest is that entry's mark.
//! Changes are `ghostworks-20261126T013010.456Z-5b1a20c4.a3f00e17-4711.9f86d081-4718.5fec02aa.changes`. Nothing in either
//! was written after the time. Earlier versions left the installation and the history out, and still earlier ones named
//! backups by the second alone.

use std::fmt;
use std::str::FromStr;

use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use crate::domain::{ShortId, Timestamp};
use crate::store::Checkpoint;

const PREFIX: &str = "ghostworks-";
const BACKUP: &str = ".backup";
const CHANGES: &str = ".changes";
/// How times are written, and how those of earlier versions are.
const TIME: &str = "%Y%m%dT%H%M%S%.3fZ";
const SECONDS: &str = "%Y%m%dT%H%M%SZ";
/// Reads both.
const ANY_TIME: &str = "%Y%m%dT%H%M%S%.fZ";

/// Where something that is kept comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Provenance {
    /// The installation that made it.
    pub installation: ShortId,
    /// The history of the database that it is of.
    pub history: ShortId,
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.installation, self.history)
    }
}

impl FromStr for Provenance {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (installation, history) = text.split_once('.').ok_or(())?;
        Ok(Self { installation: installation.parse()?, history: history.parse()? })
    }
}

/// A backup that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptBackup {
    /// When it was made.
    pub time: Timestamp,
    /// Where it comes from; none for one of an earlier version, which did not say.
    pub origin: Option<Provenance>,
    /// How far it goes; none for one of an earlier version, which did not say.
    pub checkpoint: Option<Checkpoint>,
}

impl KeptBackup {
    /// What it is called.
    pub fn name(&self) -> String {
        match self.checkpoint {
            Some(checkpoint) => {
                format!("{PREFIX}{}-{}{checkpoint}{BACKUP}", self.time.strftime(TIME), before(self.origin))
            }
            None => format!("{PREFIX}{}{BACKUP}", self.time.strftime(SECONDS)),
        }
    }

    /// The one of this name; none for what is no backup of ours.
    pub(super) fn of(name: &str) -> Option<Self> {
        let parts: Vec<&str> = name.strip_prefix(PREFIX)?.strip_suffix(BACKUP)?.split('-').collect();
        let (time, origin, checkpoint) = match parts[..] {
            [time, origin, checkpoint] => (time, Some(origin.parse().ok()?), Some(checkpoint.parse().ok()?)),
            [time, checkpoint] => (time, None, Some(checkpoint.parse().ok()?)),
            [time] => (time, None, None),
            _ => return None,
        };
        let backup = Self { time: time_of(time)?, origin, checkpoint };
        (backup.name() == name).then_some(backup)
    }
}

/// Changes that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptChanges {
    /// When they were read.
    pub time: Timestamp,
    /// Where they come from; none for those of an earlier version, which did not say.
    pub origin: Option<Provenance>,
    /// What they come after.
    pub from: Checkpoint,
    /// How far they go.
    pub to: Checkpoint,
}

impl KeptChanges {
    /// What they are called.
    pub fn name(&self) -> String {
        let (time, from, to) = (self.time.strftime(TIME), self.from, self.to);
        format!("{PREFIX}{time}-{}{from}-{to}{CHANGES}", before(self.origin))
    }

    /// Those of this name; none for what are no changes of ours.
    pub(super) fn of(name: &str) -> Option<Self> {
        let parts: Vec<&str> = name.strip_prefix(PREFIX)?.strip_suffix(CHANGES)?.split('-').collect();
        let (time, origin, from, to) = match parts[..] {
            [time, origin, from, to] => (time, Some(origin.parse().ok()?), from, to),
            [time, from, to] => (time, None, from, to),
            _ => return None,
        };
        let (time, from, to) = (time_of(time)?, from.parse().ok()?, to.parse().ok()?);
        let changes = Self { time, origin, from, to };
        (changes.name() == name).then_some(changes)
    }
}

/// The origin in a name, before what comes after it.
fn before(origin: Option<Provenance>) -> String {
    origin.map(|origin| format!("{origin}-")).unwrap_or_default()
}

/// Whether something of this name is a set of changes.
pub fn is_of_changes(name: &str) -> bool {
    name.ends_with(CHANGES)
}

fn time_of(text: &str) -> Option<Timestamp> {
    Some(strtime::parse(ANY_TIME, text).ok()?.to_datetime().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::LogPosition;

    const AT: &str = "2026-11-25T22:07:09.012Z";

    fn checkpoint(entry: u64) -> Checkpoint {
        Checkpoint { position: LogPosition::of_entry(entry), mark: 0x00c0_ffee }
    }

    #[test]
    fn a_name_tells_what_it_is_of() {
        let time: Timestamp = AT.parse().unwrap();
        for (origin, prefix) in [(None, ""), ("0a1b2c3d.00000007".parse().ok(), "0a1b2c3d.00000007-")] {
            let backup = KeptBackup { time, origin, checkpoint: Some(checkpoint(7)) };
            assert_eq!(backup.name(), format!("ghostworks-20261125T220709.012Z-{prefix}7.00c0ffee.backup"));
            assert_eq!(KeptBackup::of(&backup.name()), Some(backup));
            let changes = KeptChanges { time, origin, from: checkpoint(7), to: checkpoint(10) };
            assert_eq!(
                changes.name(),
                format!("ghostworks-20261125T220709.012Z-{prefix}7.00c0ffee-10.00c0ffee.changes")
            );
            assert_eq!(KeptChanges::of(&changes.name()), Some(changes));
        }
        let old = KeptBackup::of("ghostworks-20261125T220709Z.backup").unwrap();
        assert_eq!((old.time.to_string().as_str(), old.checkpoint), ("2026-11-25T22:07:09Z", None));
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
            "ghostworks-20261125T220709.012Z-0a1b2c3d-7.00c0ffee.backup",
            "ghostworks-20261125T220709.012Z-0a1b2c3d.7-7.00c0ffee.backup",
            "ghostworks-20261125T220709.012Z-7.00c0ffee.changes",
            "ghostworks-20261125T220709.012Z-7.00c0ffee-10.00c0ffee-11.00c0ffee.changes",
        ] {
            assert_eq!((KeptBackup::of(other), KeptChanges::of(other)), (None, None), "{other}");
        }
    }
}
