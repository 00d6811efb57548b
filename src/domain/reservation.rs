//! Idempotency keys: what makes a request that is sent twice happen once.

use super::{Timestamp, UserId};

/// An idempotency key that a caller sent along with a write. The store notes it together with the write, so that not
/// even a crash lets the same request happen again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Whose key it is: everyone has their own.
    pub owner: UserId,
    /// SHA-256 of the operation and the key.
    pub key: [u8; 32],
    /// SHA-256 of the body, which tells whether another request is meant.
    pub fingerprint: [u8; 32],
    /// When the key may be used for something else.
    pub expires_at: Timestamp,
}
