//! A token that the operator gives to programs of their own, such as a scraper of metrics.

use poem::Request;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use super::authorization::bearer;

/// The digest of such a token.
pub struct SharedToken([u8; 32]);

impl SharedToken {
    /// Of a token that was configured.
    pub fn new(token: &SecretString) -> Self {
        Self(digest(token.expose_secret()))
    }

    /// Whether a request has it as its bearer token.
    pub(super) fn is_sent_with(&self, request: &Request) -> bool {
        // Of digests, so that not even the length of the token shows in the time.
        bearer(request).is_some_and(|token| digest(token).ct_eq(&self.0).into())
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}
