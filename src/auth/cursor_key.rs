//! What cursors are authenticated with: only what this server said is taken back from clients.

use std::sync::Arc;

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::key_ring::KeyRing;
use super::signing_key::SigningKey;
use super::signing_keys::SigningKeys;
use crate::domain::{Clock, HistoryId, ShortId, SystemClock, Timestamp};

/// What the key is derived for: a signature of something else is none of a cursor.
const PURPOSE: &[u8] = b"ghostworks cursors";

/// A key for cursors, derived from the signing key (HMAC-SHA256). With another signing key it is another one, and cursors
/// from before are believed for as long as the former key is, and then refused: a list is then read from its beginning.
///
/// It knows which history of a database cursors are of: places in another may stand for something else.
#[derive(Clone)]
pub struct CursorKey {
    keys: KeyRing<Hmac<Sha256>>,
    history: ShortId,
}

impl CursorKey {
    /// The length of a signature, in bytes: half of a digest, which is still too much to guess.
    pub const SIGNATURE_LEN: usize = 16;

    /// The key that belongs to these signing keys, for cursors of a history.
    pub fn new(keys: &SigningKeys, history: HistoryId, clock: Arc<dyn Clock>) -> Self {
        let former = keys.former.iter().map(|known| (known.key.derive(PURPOSE), known.until));
        let keys = KeyRing::new(keys.current.derive(PURPOSE), former.collect(), clock);
        Self { keys, history: history.short() }
    }

    /// The key that belongs to one signing key, which stays.
    pub fn derive(signing_key: &[u8]) -> Self {
        let key = SigningKey::from_bytes(signing_key.to_vec());
        Self::new(&SigningKeys::only(key), HistoryId::from_bytes([0; 16]), Arc::new(SystemClock))
    }

    /// The history that cursors are of.
    pub fn history(&self) -> ShortId {
        self.history
    }

    /// Has these keys hold, and no others.
    pub fn replace(&self, keys: &SigningKeys) {
        let former = keys.former.iter().map(|known| (known.key.derive(PURPOSE), known.until));
        self.keys.replace(keys.current.derive(PURPOSE), former.collect());
    }

    /// Has another key sign. The one before is believed until `until`.
    pub fn rotate(&self, key: &SigningKey, until: Timestamp) {
        self.keys.rotate(key.derive(PURPOSE), until);
    }

    /// The signature of a message.
    pub fn sign(&self, message: &[u8]) -> [u8; Self::SIGNATURE_LEN] {
        signature(&self.keys.current(), message)
    }

    /// Whether this is the signature of a message; takes as long no matter where it differs.
    pub fn verifies(&self, message: &[u8], presented: &[u8]) -> bool {
        let is_by = |key: &Hmac<Sha256>| bool::from(signature(key, message).ct_eq(presented)).then_some(());
        self.keys.find(is_by).is_some()
    }
}

fn signature(key: &Hmac<Sha256>, message: &[u8]) -> [u8; CursorKey::SIGNATURE_LEN] {
    let digest: [u8; 32] = key.clone().chain_update(message).finalize().into_bytes().into();
    std::array::from_fn(|at| digest[at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::key_ring::tests::{SetClock, at};

    #[test]
    fn a_signature_is_good_for_its_message_under_its_key() {
        let of = |byte| SigningKey::from_bytes(vec![byte; 32]);
        let clock = Arc::new(SetClock::default());
        let key = |byte| CursorKey::new(&SigningKeys::only(of(byte)), HistoryId::from_bytes([0; 16]), clock.clone());
        let signature = key(1).sign(b"message");
        assert!(key(1).verifies(b"message", &signature));
        assert!(!key(2).verifies(b"message", &signature));
        assert!(!key(1).verifies(b"another", &signature));
        assert!(!key(1).verifies(b"message", &signature[..15]));
        assert!(!key(1).verifies(b"message", b""));
        let rotated = key(1);
        rotated.rotate(&of(2), at(10));
        assert_eq!(rotated.sign(b"message"), key(2).sign(b"message"));
        assert!(rotated.verifies(b"message", &signature));
        clock.set(10);
        assert!(!rotated.verifies(b"message", &signature), "the former key has ended");
    }
}
