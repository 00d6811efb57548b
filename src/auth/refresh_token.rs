//! Refresh tokens: opaque to clients, of no use to anyone who reads the database.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::{Entropy, RefreshSecret, SessionId, UserId};

const ID_LEN: usize = 16;

/// A refresh token: where to find its session, and 256 random bits that prove it.
///
/// On the wire it is the base64url of user id, session id and secret. Stored is only the secret's digest.
pub struct RefreshToken {
    /// Whose session.
    pub user: UserId,
    /// Which session.
    pub session: SessionId,
    /// What proves it.
    pub secret: RefreshSecret,
}

impl RefreshToken {
    /// A new token for a session.
    pub fn generate(user: UserId, session: SessionId, entropy: &dyn Entropy) -> Self {
        Self { user, session, secret: RefreshSecret::from_bytes(entropy.bytes()) }
    }

    /// Reads a token from the wire; `None` when it can't be one.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (user, rest) = bytes.split_first_chunk::<ID_LEN>()?;
        let (session, secret) = rest.split_first_chunk::<ID_LEN>()?;
        Some(Self {
            user: UserId::from_bytes(*user),
            session: SessionId::from_bytes(*session),
            secret: RefreshSecret::from_bytes(secret.try_into().ok()?),
        })
    }

    /// What the client gets.
    pub fn encode(&self) -> String {
        let bytes = [&self.user.to_bytes()[..], &self.session.to_bytes(), self.secret.as_bytes()].concat();
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SystemEntropy;

    #[test]
    fn a_token_survives_the_wire() {
        let token = RefreshToken::generate(UserId::from_bytes([1; 16]), SessionId::from_bytes([2; 16]), &SystemEntropy);
        let read = RefreshToken::parse(&token.encode()).expect("a token");
        assert_eq!((read.user, read.session, read.secret), (token.user, token.session, token.secret));
        let short = &token.encode()[1..];
        assert!(RefreshToken::parse(short).is_none() && RefreshToken::parse("").is_none());
        assert!(RefreshToken::parse("eyJhbGciOiJIUzI1NiJ9.e30.x").is_none(), "a JWT is none");
    }
}
