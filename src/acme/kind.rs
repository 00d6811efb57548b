//! The kinds of proof that a domain leads here.

use std::fmt;

use instant_acme::ChallengeType;

/// A kind of proof that a domain leads here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An answer over plain HTTP (RFC 8555, section 8.3).
    Http01,
    /// A certificate over TLS (RFC 8737).
    TlsAlpn01,
}

impl Kind {
    /// What to look at when the authority does not see the proof.
    pub(super) fn remedy(self) -> &'static str {
        match self {
            Self::Http01 => "the domain must lead to this machine, and its port 80 to server.acme_http_listen",
            Self::TlsAlpn01 => {
                "the domain must lead to this machine, and its port 443 to server.listen, with nothing between that ends TLS"
            }
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http01 => "http-01",
            Self::TlsAlpn01 => "tls-alpn-01",
        })
    }
}

impl From<Kind> for ChallengeType {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Http01 => Self::Http01,
            Kind::TlsAlpn01 => Self::TlsAlpn01,
        }
    }
}
