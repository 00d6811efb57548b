//! The clock of this node against that of the database, which all nodes have in common.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use jiff::SignedDuration;

use crate::domain::{Clock as _, SystemClock, Timestamp};
use crate::store::MOST_CLOCK_DIFFERENCE;

/// What it is, in microseconds since 1970.
pub(super) const NOW: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

/// How far they were apart when it was last looked.
#[derive(Default)]
pub(super) struct ClockDifference {
    /// By how many microseconds the one here is ahead, at least; negative when it is behind.
    ahead: AtomicI64,
    is_off: AtomicBool,
}

impl ClockDifference {
    /// Asks the database what time it is, and notes what comes of it.
    pub async fn measure<E>(&self, ask: impl Future<Output = Result<Timestamp, E>>) -> Result<(), E> {
        let before = SystemClock.now();
        let there = ask.await?;
        let after = SystemClock.now();
        // It was somewhere in between that it was read there.
        let ahead = if there < before {
            before.duration_since(there)
        } else if there > after {
            after.duration_since(there)
        } else {
            SignedDuration::ZERO
        };
        self.note(ahead);
        Ok(())
    }

    /// By how much the one here is ahead.
    pub fn ahead(&self) -> SignedDuration {
        SignedDuration::from_micros(self.ahead.load(Ordering::Relaxed))
    }

    fn note(&self, ahead: SignedDuration) {
        self.ahead.store(i64::try_from(ahead.as_micros()).unwrap_or(i64::MAX), Ordering::Relaxed);
        let is_off = ahead.abs() > MOST_CLOCK_DIFFERENCE;
        let seconds = ahead.as_secs_f64();
        match (self.is_off.swap(is_off, Ordering::Relaxed), is_off) {
            (false, true) => tracing::error!(
                ahead_seconds = seconds,
                "the clock of this machine differs from that of the database: sessions, keys and the order of what is \
                 written go by it; set it right, with NTP"
            ),
            (true, false) => tracing::info!("the clock of this machine is that of the database again"),
            (true, true) | (false, false) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_the_trip_may_have_taken_is_not_held_against_the_clock() {
        let difference = ClockDifference::default();
        let read = |there: Timestamp| async move { Ok::<_, ()>(there) };
        difference.measure(async { Ok::<_, ()>(SystemClock.now()) }).await.unwrap();
        assert!(difference.ahead().is_zero());
        let later = SystemClock.now() + SignedDuration::from_secs(10);
        difference.measure(read(later)).await.unwrap();
        assert_eq!(difference.ahead().as_secs(), -9, "{:?}", difference.ahead());
        assert!(difference.is_off.load(Ordering::Relaxed));
    }
}
