//! Refresh tokens: what a session keeps of them, and how one follows another.
//!
//! The successor of a token is derived from its secret and a random salt. A client with a token that was spent a moment ago
//! and may still present it is led along the salts to the current one: the same for everyone who asks, although no
//! secret is stored and no key of the server takes part.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use super::{SessionId, Timestamp};

/// SHA-256 of a refresh token's secret, which is all that is stored of it. It needs no salt or cost: there is nothing to
/// guess in 256 random bits.
pub type RefreshDigest = [u8; 32];

/// What makes the successor of a refresh token unpredictable for everyone who does not have the token itself.
pub type RefreshSalt = [u8; 16];

/// The 256 bits of a refresh token that prove it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RefreshSecret([u8; 32]);

impl RefreshSecret {
    /// A secret of these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes, for the client.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// What is stored of it.
    pub fn digest(&self) -> RefreshDigest {
        Sha256::digest(self.0).into()
    }

    /// The secret that follows this one as number `number` of its line: HMAC-SHA256 (RFC 2104), keyed by this secret, of
    /// salt, session and number.
    pub fn successor(&self, salt: &RefreshSalt, session: SessionId, number: u64) -> Self {
        // HMAC fills a key up with zeros to the length of SHA-256's block.
        let mut key = [0; 64];
        key[..32].copy_from_slice(&self.0);
        let mac = Hmac::<Sha256>::new(&key.into());
        let mac = mac.chain_update(salt).chain_update(session.to_bytes()).chain_update(number.to_be_bytes());
        Self(mac.finalize().into_bytes().into())
    }
}

/// Says nothing of the secret.
impl fmt::Debug for RefreshSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("RefreshSecret(…)")
    }
}

/// One of a session's lines of refresh tokens. A sign-in begins the first, and each switch to a workspace another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshLine {
    /// The digest of its current token.
    pub digest: RefreshDigest,
    /// How many tokens were spent before that.
    pub number: u64,
    /// When its current token was given out.
    pub used_at: Timestamp,
}

impl RefreshLine {
    /// A line that begins with this token.
    pub fn new(digest: RefreshDigest, used_at: Timestamp) -> Self {
        Self { digest, number: 0, used_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with Python's `hmac` and `hashlib`.
    #[test]
    fn a_successor_follows_from_secret_salt_session_and_number() {
        let secret = RefreshSecret::from_bytes([1; 32]);
        let session = SessionId::from_bytes([3; 16]);
        let next = secret.successor(&[2; 16], session, 4);
        assert_eq!(next.as_bytes(), &EXPECTED);
        for other in [
            RefreshSecret::from_bytes([9; 32]).successor(&[2; 16], session, 4),
            secret.successor(&[9; 16], session, 4),
            secret.successor(&[2; 16], SessionId::from_bytes([9; 16]), 4),
            secret.successor(&[2; 16], session, 5),
        ] {
            assert_ne!(other, next);
        }
        assert_eq!(format!("{next:?}"), "RefreshSecret(…)");
    }

    const EXPECTED: [u8; 32] = [
        0xa3, 0x7f, 0x98, 0x43, 0x72, 0x5c, 0x81, 0x8a, 0xcf, 0xdf, 0x44, 0x6e, 0xba, 0xd0, 0xca, 0xac, 0x77, 0x9c,
        0x75, 0x6b, 0xe8, 0xb1, 0xe2, 0x9c, 0x41, 0x8a, 0x9f, 0x61, 0x98, 0x76, 0x1a, 0x42,
    ];
}
