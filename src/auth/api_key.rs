//! API keys on the wire: opaque to clients, of no use to anyone who reads the database.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::domain::{ApiKeyDigest, ApiKeyId, Entropy, TenantId};

const ID_LEN: usize = 16;
const SECRET_LEN: usize = 32;

/// An API key's text: where to find it, and 256 random bits that prove it.
///
/// On the wire it is `gwk_` and the base64url of workspace id, key id and secret. Stored is only the secret's SHA-256,
/// which needs no salt or cost: there is nothing to guess in 256 random bits.
pub struct ApiKeyToken {
    /// In which workspace.
    pub tenant: TenantId,
    /// Which key.
    pub key: ApiKeyId,
    secret: [u8; SECRET_LEN],
}

impl ApiKeyToken {
    /// What every key begins with, so that people and scanners of leaked secrets know one when they see it.
    pub const PREFIX: &'static str = "gwk_";

    /// A new secret for a key.
    pub fn generate(tenant: TenantId, key: ApiKeyId, entropy: &dyn Entropy) -> Self {
        Self { tenant, key, secret: entropy.bytes() }
    }

    /// Reads a key from the wire; `None` when it can't be one.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(Self::PREFIX)?).ok()?;
        let (tenant, rest) = bytes.split_first_chunk::<ID_LEN>()?;
        let (key, secret) = rest.split_first_chunk::<ID_LEN>()?;
        Some(Self {
            tenant: TenantId::from_bytes(*tenant),
            key: ApiKeyId::from_bytes(*key),
            secret: secret.try_into().ok()?,
        })
    }

    /// What is stored of it.
    pub fn digest(&self) -> ApiKeyDigest {
        Sha256::digest(self.secret).into()
    }

    /// What the client gets.
    pub fn encode(&self) -> String {
        let bytes = [&self.tenant.to_bytes()[..], &self.key.to_bytes(), &self.secret].concat();
        format!("{}{}", Self::PREFIX, URL_SAFE_NO_PAD.encode(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SystemEntropy;

    #[test]
    fn a_key_survives_the_wire() {
        let (tenant, key) = (TenantId::from_bytes([1; 16]), ApiKeyId::from_bytes([2; 16]));
        let token = ApiKeyToken::generate(tenant, key, &SystemEntropy);
        let text = token.encode();
        let read = ApiKeyToken::parse(&text).expect("a key");
        assert_eq!((read.tenant, read.key, read.digest()), (tenant, key, token.digest()));
        for bad in [&text[4..], &text[..text.len() - 1], "gwk_", ""] {
            assert!(ApiKeyToken::parse(bad).is_none(), "{bad}");
        }
    }
}
