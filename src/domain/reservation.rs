//! Idempotency keys: what makes a request that is sent twice happen once.

use super::{TenantId, Timestamp, UserId};

/// An idempotency key that a caller sent along with a write. The store notes it together with the write, so that not
/// even a crash lets the same request happen again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Whose key it is: everyone has their own.
    pub owner: UserId,
    /// The workspace that the write is made in, if it is made in one.
    pub tenant: Option<TenantId>,
    /// SHA-256 of the operation and the key.
    pub key: [u8; 32],
    /// SHA-256 of the body, which shows whether it is another request.
    pub fingerprint: [u8; 32],
    /// When the key may be used for something else.
    pub expires_at: Timestamp,
}

/// What is known of an idempotency key that was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// SHA-256 of the body that it was used with.
    pub fingerprint: [u8; 32],
    /// When it may be used for something else.
    pub expires_at: Timestamp,
    /// What was answered; `None` while that is not known, and for good if the process ended before it was.
    pub answer: Option<Answer>,
}

/// An answer that may be given again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status code.
    pub status: u16,
    /// What the body is.
    pub content_type: Option<String>,
    /// Where the thing that was made is.
    pub location: Option<String>,
    /// Its entity tag.
    pub etag: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}
