//! The text of one-time tokens: opaque to those who are sent one, of no use to anyone who reads the database.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::domain::{Entropy, OneTimeDigest, UserId};

const ID_LEN: usize = 16;
const SECRET_LEN: usize = 32;

/// A one-time token: whose it is, and 256 random bits that prove it. On the wire it is the base64url of both.
pub struct OneTimeSecret {
    /// Whose.
    pub user: UserId,
    secret: [u8; SECRET_LEN],
}

impl OneTimeSecret {
    /// A new token for an account.
    pub fn generate(user: UserId, entropy: &dyn Entropy) -> Self {
        Self { user, secret: entropy.bytes() }
    }

    /// Reads a token from the wire; `None` when it can't be one.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim()).ok()?;
        let (user, secret) = bytes.split_first_chunk::<ID_LEN>()?;
        Some(Self { user: UserId::from_bytes(*user), secret: secret.try_into().ok()? })
    }

    /// What is stored of it.
    pub fn digest(&self) -> OneTimeDigest {
        Sha256::digest(self.secret).into()
    }

    /// What is sent.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode([&self.user.to_bytes()[..], &self.secret].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SystemEntropy;

    #[test]
    fn s16_a_token_survives_the_wire_and_its_digest_does_not_show_it() {
        let token = OneTimeSecret::generate(UserId::from_bytes([1; 16]), &SystemEntropy);
        let read = OneTimeSecret::parse(&token.encode()).expect("a token");
        assert_eq!((read.user, read.digest()), (token.user, token.digest()));
        assert_ne!(token.digest(), token.secret);
        assert_ne!(token.digest(), OneTimeSecret::generate(token.user, &SystemEntropy).digest());
        assert!(OneTimeSecret::parse(&token.encode()[1..]).is_none() && OneTimeSecret::parse("").is_none());
    }
}
