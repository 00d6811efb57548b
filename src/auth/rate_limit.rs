//! Rate limits: how often one key may do a thing (GCRA, by `governor`).
//!
//! Memory is bounded: each limit keeps the state of a fixed number of keys. When there are more, the cache gives up
//! those that were seen once before those that come again and again, so that filling it does not free who is being held
//! back.

use std::convert::Infallible;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use quick_cache::sync::Cache;

/// How many keys a limit knows at a time.
const CAPACITY: usize = 50_000;

type Bucket<C> = RateLimiter<NotKeyed, InMemoryState, C, StateInformationMiddleware>;

/// How many in a minute or an hour for each key, all at once after a pause.
pub struct RateLimit<K, C: Clock = MonotonicClock> {
    quota: Quota,
    clock: C,
    buckets: Cache<K, Arc<Bucket<C>>>,
}

/// What is left of a key's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// How many there are in all.
    pub limit: u32,
    /// How many are left now.
    pub remaining: u32,
    /// Seconds until all are there again.
    pub reset_seconds: u32,
}

/// The limit is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted {
    /// What is left: none.
    pub allowance: Allowance,
    /// Seconds until there is one again.
    pub retry_after_seconds: u32,
}

impl<K: Eq + Hash + Clone> RateLimit<K> {
    /// A limit of `most` a minute, of which there is at least one.
    pub fn per_minute(most: u32) -> Self {
        Self::with_clock(Quota::per_minute(at_least_one(most)), MonotonicClock, CAPACITY)
    }

    /// A limit of `most` an hour, of which there is at least one.
    pub fn per_hour(most: u32) -> Self {
        Self::with_clock(Quota::per_hour(at_least_one(most)), MonotonicClock, CAPACITY)
    }
}

impl<K: Eq + Hash + Clone, C: Clock + Clone> RateLimit<K, C> {
    fn with_clock(quota: Quota, clock: C, capacity: usize) -> Self {
        Self { quota, clock, buckets: Cache::new(capacity) }
    }

    /// Takes one of the key's, if one is left.
    pub fn take(&self, key: &K) -> Result<Allowance, Exhausted> {
        match self.bucket(key).check() {
            Ok(state) => Ok(self.allowance(state.remaining_burst_capacity())),
            Err(until) => {
                let wait = until.wait_time_from(self.clock.now());
                Err(Exhausted { allowance: self.allowance(0), retry_after_seconds: seconds(wait).max(1) })
            }
        }
    }

    fn bucket(&self, key: &K) -> Arc<Bucket<C>> {
        let new = || {
            let bucket = RateLimiter::direct_with_clock(self.quota, self.clock.clone());
            Ok::<_, Infallible>(Arc::new(bucket.with_middleware()))
        };
        let Ok(bucket) = self.buckets.get_or_insert_with(key, new);
        bucket
    }

    fn allowance(&self, remaining: u32) -> Allowance {
        let limit = self.quota.burst_size().get();
        let missing = limit.saturating_sub(remaining);
        let reset = self.quota.burst_size_replenished_in().mul_f64(f64::from(missing) / f64::from(limit));
        Allowance { limit, remaining, reset_seconds: seconds(reset) }
    }
}

fn at_least_one(most: u32) -> NonZeroU32 {
    NonZeroU32::new(most).unwrap_or(NonZeroU32::MIN)
}

/// Whole seconds, rounded up: who waits that long has waited long enough.
fn seconds(duration: Duration) -> u32 {
    let rounded = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    rounded.try_into().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    #[test]
    fn a_key_gets_its_limit_at_once_and_then_one_after_the_other() {
        let clock = FakeRelativeClock::default();
        let limit = RateLimit::with_clock(Quota::per_minute(at_least_one(5)), clock.clone(), 100);
        let remaining = |key| limit.take(&key).map(|allowance| allowance.remaining);
        for left in (0..5).rev() {
            assert_eq!(limit.take(&"a").map(|it| it.remaining), Ok(left));
        }
        let allowance = Allowance { limit: 5, remaining: 0, reset_seconds: 60 };
        assert_eq!(limit.take(&"a"), Err(Exhausted { allowance, retry_after_seconds: 12 }));
        assert_eq!(limit.take(&"b"), Ok(Allowance { limit: 5, remaining: 4, reset_seconds: 12 }), "another key");

        clock.advance(Duration::from_secs(11));
        assert_eq!(limit.take(&"a").map_err(|it| it.retry_after_seconds), Err(1));
        clock.advance(Duration::from_secs(1));
        assert_eq!(remaining("a"), Ok(0), "to be refused cost nothing");
        clock.advance(Duration::from_mins(10));
        assert_eq!(remaining("a"), Ok(4));
    }

    #[test]
    fn keys_are_bounded_and_who_comes_again_and_again_is_kept() {
        let limit = RateLimit::with_clock(Quota::per_hour(at_least_one(2)), FakeRelativeClock::default(), 1000);
        for _ in 0..10 {
            let _ = limit.take(&0);
        }
        for key in 1..100_000 {
            let _ = limit.take(&key);
            if key % 100 == 0 {
                assert!(limit.take(&0).is_err(), "forgotten after {key} others");
            }
        }
        assert!(limit.buckets.len() <= 1000, "{}", limit.buckets.len());
    }
}
