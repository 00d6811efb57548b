//! HMAC-SHA256, by which keys are derived and things are signed.

use hmac::{Hmac, KeyInit as _};
use sha2::Sha256;

/// HMAC-SHA256 with a key.
pub(super) fn keyed(key: &[u8]) -> Hmac<Sha256> {
    // HMAC takes keys of any length (RFC 2104).
    Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()))
}
