//! How much accounts have stored by the answers that are kept under their idempotency keys.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use quick_cache::sync::Cache;

use super::Error;
use crate::domain::{Answer, UserId};
use crate::store::Store;

/// Accounts whose bytes are known at a time. Those of others are counted in the store when they come again.
const ACCOUNTS: usize = 10_000;
/// How long a count holds: answers expire meanwhile.
const COUNTED_FOR: Duration = Duration::from_secs(600);
/// How many times as much as its answers an account may store by keys alone.
const HARD: u64 = 2;
/// What a row takes besides its texts, in bytes: keys, digests, times.
const ROW: usize = 160;

/// The bytes that accounts have stored.
pub struct KeptAnswers {
    /// What an account may store before only the ids of what was made are kept.
    limit: u64,
    accounts: Cache<UserId, Count>,
}

#[derive(Clone)]
struct Count {
    bytes: Arc<AtomicU64>,
    at: Instant,
}

impl KeptAnswers {
    /// With `limit` bytes for each account.
    pub fn new(limit: u64) -> Self {
        Self { limit, accounts: Cache::new(ACCOUNTS) }
    }

    /// Refuses an account that may not use another key.
    pub(super) async fn require_space(&self, store: &dyn Store, account: UserId) -> Result<(), Error> {
        let stored = self.count(store, account).await?.load(Ordering::Relaxed);
        if stored < HARD.saturating_mul(self.limit) { Ok(()) } else { Err(Error::IdempotencyKeysSpent) }
    }

    /// Adds an answer, or what there is instead once the account stores as much as it may. Returns what is to be kept.
    pub(super) async fn add(&self, store: &dyn Store, account: UserId, whole: Answer, brief: Answer) -> Answer {
        // What can't be counted is kept in short.
        let Ok(stored) = self.count(store, account).await else { return brief };
        let is_full = stored.load(Ordering::Relaxed).saturating_add(size(&whole)) > self.limit;
        let kept = if is_full { brief } else { whole };
        stored.fetch_add(size(&kept), Ordering::Relaxed);
        kept
    }

    async fn count(&self, store: &dyn Store, account: UserId) -> Result<Arc<AtomicU64>, Error> {
        self.accounts.remove_if(&account, |count| count.at.elapsed() >= COUNTED_FOR);
        // Of those who ask at once, one counts: what each adds is added to the same number.
        let count = async {
            let bytes = Arc::new(AtomicU64::new(store.answer_bytes(account).await?));
            Ok::<_, Error>(Count { bytes, at: Instant::now() })
        };
        Ok(self.accounts.get_or_insert_async(&account, count).await?.bytes)
    }
}

/// About what an answer takes in the store, in bytes.
fn size(answer: &Answer) -> u64 {
    let texts = [&answer.content_type, &answer.location, &answer.etag].into_iter().flatten().map(String::len);
    (ROW + answer.body.len() + texts.sum::<usize>()) as u64
}
