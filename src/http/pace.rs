//! How slowly a client may send and take: at a least rate, after a grace. A slower client holds what the server keeps
//! for them, and is given up.

use std::time::Duration;

use tokio::time::Instant;

/// For how long a client may send or take nothing, when there is a least rate.
const GRACE: Duration = Duration::from_secs(20);

/// A least rate.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Bytes a second; 0 for as slowly as it likes, as long as something moves within the patience.
    least_rate: u64,
    /// For how long nothing may move. What moves quickly buys no more than this.
    patience: Duration,
}

impl Pace {
    /// At least `least_rate` bytes a second, 0 for any number, and something within `patience`.
    pub fn new(least_rate: u64, longest_rest: Duration) -> Self {
        let patience = if least_rate == 0 { longest_rest } else { longest_rest.min(GRACE) };
        Self { least_rate, patience }
    }

    /// For how long nothing may move.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// Until when something must move, from now on.
    pub(super) fn first_deadline(&self, now: Instant) -> Instant {
        now + self.patience
    }

    /// Until when something must move, now that `bytes` have.
    pub(super) fn next_deadline(&self, deadline: Instant, bytes: usize, now: Instant) -> Instant {
        let bought = match self.least_rate {
            _ if bytes == 0 => Duration::ZERO,
            0 => self.patience,
            rate => Duration::from_secs_f64(bytes as f64 / rate as f64).min(self.patience),
        };
        (deadline + bought).min(self.first_deadline(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many seconds a client is tolerated that moves `bytes` every `every` seconds; none for an hour.
    fn endured(least_rate: u64, bytes: usize, every: u64) -> Option<u64> {
        let pace = Pace::new(least_rate, Duration::from_secs(75));
        let start = Instant::now();
        let mut deadline = pace.first_deadline(start);
        (1..3600).find(|seconds| {
            let now = start + Duration::from_secs(*seconds);
            let is_late = now > deadline;
            if seconds % every == 0 {
                deadline = pace.next_deadline(deadline, bytes, now);
            }
            is_late
        })
    }

    #[test]
    fn s44_who_moves_too_little_is_given_up_and_who_moves_enough_is_not() {
        assert_eq!(endured(1024, 0, 1), Some(21), "the grace");
        assert_eq!(endured(1024, 512, 1), Some(40), "half of the least rate");
        assert!(endured(1024, 1000, 1).is_some_and(|seconds| seconds < 1000));
        assert_eq!(endured(1024, 1100, 1), None);
        assert_eq!(endured(1024, 1 << 20, 15), None, "in bursts");
        assert_eq!(endured(1024, 1 << 30, 30), Some(21), "quick, and then nothing");
        assert_eq!(endured(0, 1, 70), None, "as slowly as it likes");
        assert_eq!(endured(0, 0, 1), Some(76));
    }
}
