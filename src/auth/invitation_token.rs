//! The text of invitations: opaque to those who are sent one, of no use to anyone who reads the database.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::domain::{Entropy, InvitationId, OneTimeDigest, TenantId};

const ID_LEN: usize = 16;
const SECRET_LEN: usize = 32;

/// An invitation's text: where to find it, and 256 random bits that prove it. On the wire it is the base64url of workspace id,
/// invitation id and secret.
pub struct InvitationToken {
    /// To which workspace.
    pub tenant: TenantId,
    /// Which invitation.
    pub id: InvitationId,
    secret: [u8; SECRET_LEN],
}

impl InvitationToken {
    /// A new secret for an invitation.
    pub fn generate(tenant: TenantId, id: InvitationId, entropy: &dyn Entropy) -> Self {
        Self { tenant, id, secret: entropy.bytes() }
    }

    /// The same secret for another invitation.
    pub fn of(self, id: InvitationId) -> Self {
        Self { id, ..self }
    }

    /// Reads a token from the wire; `None` when it can't be one.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim()).ok()?;
        let (tenant, rest) = bytes.split_first_chunk::<ID_LEN>()?;
        let (id, secret) = rest.split_first_chunk::<ID_LEN>()?;
        Some(Self {
            tenant: TenantId::from_bytes(*tenant),
            id: InvitationId::from_bytes(*id),
            secret: secret.try_into().ok()?,
        })
    }

    /// What is stored of it.
    pub fn digest(&self) -> OneTimeDigest {
        Sha256::digest(self.secret).into()
    }

    /// What is sent.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode([&self.tenant.to_bytes()[..], &self.id.to_bytes(), &self.secret].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SystemEntropy;

    #[test]
    fn s16_a_token_survives_the_wire_and_its_digest_does_not_show_it() {
        let (tenant, id) = (TenantId::from_bytes([1; 16]), InvitationId::from_bytes([2; 16]));
        let token = InvitationToken::generate(tenant, id, &SystemEntropy);
        let text = token.encode();
        let read = InvitationToken::parse(&text).expect("a token");
        assert_eq!((read.tenant, read.id, read.digest()), (tenant, id, token.digest()));
        assert_ne!(token.digest(), token.secret);
        assert_ne!(token.digest(), InvitationToken::generate(tenant, id, &SystemEntropy).digest());
        for bad in [&text[4..], &text[..text.len() - 1], ""] {
            assert!(InvitationToken::parse(bad).is_none(), "{bad}");
        }
    }
}
