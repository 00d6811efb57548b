//! How keys are made of ids and times.

use crate::domain::Timestamp;

/// The key of `second` under `first`.
pub fn pair(first: [u8; 16], second: [u8; 16]) -> [u8; 32] {
    let mut key = [0; 32];
    key[..16].copy_from_slice(&first);
    key[16..].copy_from_slice(&second);
    key
}

/// The second half of a key made by [`pair`].
pub fn second_of(key: &[u8; 32]) -> [u8; 16] {
    let mut second = [0; 16];
    second.copy_from_slice(&key[16..]);
    second
}

/// The key of an answer in the order in which answers expire.
pub fn expiry_key(expires_at: Timestamp, key: &[u8; 48]) -> [u8; 56] {
    let mut bytes = [0; 56];
    // Nothing here is from before 1970.
    let micros = u64::try_from(expires_at.as_microsecond()).unwrap_or_default();
    bytes[..8].copy_from_slice(&micros.to_be_bytes());
    bytes[8..].copy_from_slice(key);
    bytes
}
