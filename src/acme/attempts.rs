//! When the authority may be asked again. That is on disk before it is asked: a server that is started again and again asks no
//! more often than one that runs, and one that can't write does not ask at all.

use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{AcmeError, Folder};
use crate::domain::Timestamp;

/// The pause after a first failed order. It doubles with each that follows. So there are five in the first hour, which is
/// how many failures for a name Let's Encrypt takes.
const FIRST_PAUSE: Duration = Duration::from_secs(120);
const LONGEST_PAUSE: Duration = Duration::from_secs(12 * 60 * 60);

/// The orders since the last that ended well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attempts {
    /// How many there were.
    pub failures: u32,
    /// When the next may be.
    pub next: Timestamp,
}

impl Attempts {
    /// Those that are noted. What can't be understood counts as nothing: it was not written by a server that asks too often.
    pub(super) fn read(folder: &Folder) -> Result<Self, AcmeError> {
        let noted = Folder::read(&folder.attempts())?;
        Ok(noted.and_then(|noted| serde_json::from_slice(&noted).ok()).unwrap_or_default())
    }

    /// Notes that there is another, which counts as failed until it has succeeded.
    pub(super) fn begin(self, folder: &Folder, now: Timestamp) -> Result<(), AcmeError> {
        let failures = self.failures.saturating_add(1);
        Self { failures, next: after(now, pause(failures)) }.write(folder)
    }

    /// Notes that there may be none for a while.
    pub(super) fn postpone(self, folder: &Folder, now: Timestamp, pause: Duration) -> Result<(), AcmeError> {
        Self { next: self.next.max(after(now, pause)), ..self }.write(folder)
    }

    /// Forgets them.
    pub(super) fn forget(folder: &Folder) -> Result<(), AcmeError> {
        Folder::remove(&folder.attempts())
    }

    fn write(self, folder: &Folder) -> Result<(), AcmeError> {
        folder.write(&folder.attempts(), &serde_json::to_vec(&self).unwrap_or_default())
    }
}

/// The pause after a number of failures.
fn pause(failures: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1))).min(LONGEST_PAUSE)
}

/// A moment some time after another, or the end of time.
pub(super) fn after(moment: Timestamp, pause: Duration) -> Timestamp {
    let pause = SignedDuration::try_from(pause).unwrap_or(SignedDuration::MAX);
    moment.checked_add(pause).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_in_vain_are_noted_before_they_are_made_and_grow_rarer() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::of(directory.path(), "https://example.com/dir");
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(Attempts::read(&folder).unwrap(), Attempts::default());
        for (failures, minutes) in [(1, 2), (2, 4), (3, 8), (4, 16), (5, 32)] {
            Attempts::read(&folder).unwrap().begin(&folder, now).unwrap();
            let next = after(now, Duration::from_secs(60 * minutes));
            assert_eq!(Attempts::read(&folder).unwrap(), Attempts { failures, next });
        }
        let hour = Duration::from_secs(3600);
        Attempts::read(&folder).unwrap().postpone(&folder, now, hour).unwrap();
        assert_eq!(Attempts::read(&folder).unwrap(), Attempts { failures: 5, next: after(now, hour) });
        assert_eq!(pause(100), LONGEST_PAUSE);
        Attempts::forget(&folder).unwrap();
        Attempts::forget(&folder).unwrap();
        assert_eq!(Attempts::read(&folder).unwrap(), Attempts::default());
    }
}
