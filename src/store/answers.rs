//! Idempotency keys and what was answered under them, at the storage boundary.

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::{Answer, Noted, Reservation, Timestamp, UserId};

/// What was done under idempotency keys. That something was is noted by the intent that does it, when its stamp has a
/// reservation.
#[async_trait]
pub trait Answers: Send + Sync {
    /// What is known of the key of a reservation, unless it has expired. It lies where the write was made: in the
    /// workspace, or with the owner's account.
    async fn answer(&self, reservation: Reservation, now: Timestamp) -> StoreResult<Option<Noted>>;

    /// How many bytes a user's keys and answers take, with those in the workspaces that they are a member of, and those that
    /// have expired and are still there.
    async fn answer_bytes(&self, owner: UserId) -> StoreResult<u64>;

    /// Keeps what was answered; without an answer, only that the key was used.
    async fn remember_answer(&self, reservation: Reservation, answer: Option<Answer>) -> StoreResult<()>;

    /// Removes at most `limit` keys that have expired. Returns whether there may be more.
    async fn remove_expired_answers(&self, now: Timestamp, limit: usize) -> StoreResult<bool>;
}
