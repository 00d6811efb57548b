//! The token in a cookie of the console: opaque to the browser, of no use to anyone who reads the database.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac as _;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::keyed::keyed;
use crate::domain::{ConsoleDigest, Entropy, SessionId, UserId};

/// What the tokens of forms are derived for.
const PURPOSE: &[u8] = b"ghostworks forms";
const ID_LEN: usize = 16;
const SECRET_LEN: usize = 32;

/// Which session it is, and 256 random bits that prove it. On the wire it is the base64url of user, session and secret;
/// stored is only the secret's digest.
pub struct ConsoleToken {
    /// Whose session.
    pub user: UserId,
    /// Which session.
    pub session: SessionId,
    secret: [u8; SECRET_LEN],
}

impl ConsoleToken {
    /// A new token for a session.
    pub fn generate(user: UserId, session: SessionId, entropy: &dyn Entropy) -> Self {
        Self { user, session, secret: entropy.bytes() }
    }

    /// Reads a token from the wire; `None` when it can't be one.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (user, rest) = bytes.split_first_chunk::<ID_LEN>()?;
        let (session, secret) = rest.split_first_chunk::<ID_LEN>()?;
        let (user, session) = (UserId::from_bytes(*user), SessionId::from_bytes(*session));
        Some(Self { user, session, secret: secret.try_into().ok()? })
    }

    /// What the browser gets.
    pub fn encode(&self) -> String {
        let bytes = [&self.user.to_bytes()[..], &self.session.to_bytes(), &self.secret].concat();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What is stored of it.
    pub fn digest(&self) -> ConsoleDigest {
        Sha256::digest(self.secret).into()
    }

    /// Whether this is what is stored of it; takes as long wherever it differs.
    pub fn is_known_by(&self, digest: &ConsoleDigest) -> bool {
        self.digest().ct_eq(digest).into()
    }

    /// The token that forms of this session carry: nobody can make it who does not have the cookie, and it does not lead back
    /// to that.
    pub fn form_token(&self) -> String {
        URL_SAFE_NO_PAD.encode(keyed(&self.secret).chain_update(PURPOSE).finalize().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SystemEntropy;

    #[test]
    fn s16_a_token_survives_the_wire_and_neither_digest_nor_form_shows_it() {
        let (user, session) = (UserId::from_bytes([1; 16]), SessionId::from_bytes([2; 16]));
        let token = ConsoleToken::generate(user, session, &SystemEntropy);
        let read = ConsoleToken::parse(&token.encode()).expect("a token");
        assert_eq!((read.user, read.session, read.digest()), (user, session, token.digest()));
        assert!(read.is_known_by(&token.digest()));
        assert_eq!(read.form_token(), token.form_token());
        let another = ConsoleToken::generate(user, session, &SystemEntropy);
        assert!(!another.is_known_by(&token.digest()));
        assert_ne!(another.form_token(), token.form_token());
        assert!(ConsoleToken::parse(&token.encode()[1..]).is_none() && ConsoleToken::parse("").is_none());
    }
}
