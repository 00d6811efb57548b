//! Time, passed in as a [`Clock`]: clippy refuses any other way to the system's.

use jiff::SignedDuration;

/// A moment in UTC. Displays as RFC 3339 with a `Z`.
pub type Timestamp = jiff::Timestamp;

/// The time of day.
pub trait Clock: Send + Sync {
    /// Now, to the microsecond: what is stored, shown and compared has one precision.
    fn now(&self) -> Timestamp;

    /// Now plus `seconds`, or the end of time.
    fn after_seconds(&self, seconds: u64) -> Timestamp {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        self.now().checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
    }
}

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}
