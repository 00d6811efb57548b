//! The text of one-time tokens: opaque to those who are sent one, of no use to anyone who reads the database.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::domain::{Email, Entropy, OneTimeDigest, UserId};

const ID_LEN: usize = 16;
const SECRET_LEN: usize = 32;

/// A one-time token: whose it is, and 256 random bits that prove it; for another address, that too. On the wire it is the
/// base64url of these.
pub struct OneTimeSecret {
    /// Whose.
    pub user: UserId,
    /// The address that it proves to be theirs, if that is not the one of the account.
    pub address: Option<Email>,
    secret: [u8; SECRET_LEN],
}

impl OneTimeSecret {
    /// A new token for an account.
    pub fn generate(user: UserId, entropy: &dyn Entropy) -> Self {
        Self { user, address: None, secret: entropy.bytes() }
    }

    /// A new token that proves another address of an account.
    pub fn for_address(user: UserId, address: Email, entropy: &dyn Entropy) -> Self {
        Self { address: Some(address), ..Self::generate(user, entropy) }
    }

    /// Reads a token from the wire; `None` when it can't be one.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim()).ok()?;
        let (user, rest) = bytes.split_first_chunk::<ID_LEN>()?;
        let (secret, address) = rest.split_first_chunk::<SECRET_LEN>()?;
        let address = match address {
            [] => None,
            address => {
                let text = str::from_utf8(address).ok()?;
                Some(Email::parse(text).ok().filter(|email| email.as_str() == text)?)
            }
        };
        Some(Self { user: UserId::from_bytes(*user), address, secret: *secret })
    }

    /// What is stored of it. No other address has the same.
    pub fn digest(&self) -> OneTimeDigest {
        Sha256::new_with_prefix(self.secret).chain_update(self.address_text()).finalize().into()
    }

    /// What is sent.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode([&self.user.to_bytes()[..], &self.secret, self.address_text().as_bytes()].concat())
    }

    fn address_text(&self) -> &str {
        self.address.as_ref().map_or("", Email::as_str)
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
        let bytes = [&token.user.to_bytes()[..], &token.secret, b"Ann@example.com"].concat();
        assert!(OneTimeSecret::parse(&URL_SAFE_NO_PAD.encode(bytes)).is_none(), "an address has one form");
        assert!(OneTimeSecret::parse(&token.encode()[1..]).is_none() && OneTimeSecret::parse("").is_none());
    }

    #[test]
    fn a_token_for_an_address_is_good_for_no_other() {
        let address = |text| Email::parse(text).expect("an address");
        let token = OneTimeSecret::for_address(UserId::from_bytes([1; 16]), address("ann@example.com"), &SystemEntropy);
        let read = OneTimeSecret::parse(&token.encode()).expect("a token");
        assert_eq!((read.digest(), read.address), (token.digest(), Some(address("ann@example.com"))));
        let other = OneTimeSecret { address: Some(address("eve@example.com")), ..token };
        assert_ne!(other.digest(), token.digest());
        assert_ne!(OneTimeSecret { address: None, ..token }.digest(), token.digest());
    }
}
