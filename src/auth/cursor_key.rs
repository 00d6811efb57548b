//! What cursors are authenticated with: only what this server said is taken back from clients.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// What the key is derived for: a signature of something else is none of a cursor.
const PURPOSE: &[u8] = b"ghostworks cursors";

/// A key for cursors, derived from the signing key (HMAC-SHA256). With another signing key it is another one, and cursors
/// from before are refused: a list is then read from its beginning.
pub struct CursorKey(Hmac<Sha256>);

impl CursorKey {
    /// The length of a signature, in bytes: half of a digest, which is still too much to guess.
    pub const SIGNATURE_LEN: usize = 16;

    /// The key that belongs to a signing key.
    pub fn derive(signing_key: &[u8]) -> Self {
        let derived = keyed(signing_key).chain_update(PURPOSE).finalize().into_bytes();
        Self(keyed(&derived))
    }

    /// The signature of a message.
    pub fn sign(&self, message: &[u8]) -> [u8; Self::SIGNATURE_LEN] {
        let digest: [u8; 32] = self.0.clone().chain_update(message).finalize().into_bytes().into();
        std::array::from_fn(|at| digest[at])
    }

    /// Whether this is the signature of a message; takes as long no matter where it differs.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.sign(message).ct_eq(signature).into()
    }
}

/// HMAC-SHA256 with a key.
pub(super) fn keyed(key: &[u8]) -> Hmac<Sha256> {
    // HMAC takes keys of any length (RFC 2104).
    Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_good_for_its_message_under_its_key() {
        let key = |byte| CursorKey::derive(&[byte; 32]);
        let signature = key(1).sign(b"message");
        assert!(key(1).verifies(b"message", &signature));
        assert!(!key(2).verifies(b"message", &signature));
        assert!(!key(1).verifies(b"another", &signature));
        assert!(!key(1).verifies(b"message", &signature[..15]));
        assert!(!key(1).verifies(b"message", b""));
    }
}
