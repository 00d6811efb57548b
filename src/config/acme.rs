//! How a server gets its certificate from an authority (ACME, RFC 8555), and what follows from having one.

use std::fmt::{self, Display};
use std::net::IpAddr;
use std::str::FromStr;

use figment::value::Value;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::layer::{Layer, Strength};

/// The setting that has the domains.
const DOMAINS: &str = "server.acme_domains";

/// Let's Encrypt.
pub(super) const DIRECTORY: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// What is expected of a text that names a domain.
const EXPECTED: &str = "a domain, such as example.com, without a port or *";

/// The name of a server in the domain name system, as it is in certificates: in lower case, `xn--…` for other scripts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Domain(String);

/// A text that names no domain.
#[derive(Debug, Error)]
#[error("expected {EXPECTED}")]
pub struct DomainError;

impl Domain {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Domain {
    type Err = DomainError;

    fn from_str(text: &str) -> Result<Self, DomainError> {
        let name = idna::domain_to_ascii_strict(text).map_err(|_| DomainError)?;
        let is_name = !name.is_empty() && !name.ends_with('.') && name.parse::<IpAddr>().is_err();
        if is_name { Ok(Self(name)) } else { Err(DomainError) }
    }
}

impl Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How it is proved that a domain leads here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AcmeChallenge {
    /// By an answer over plain HTTP, on port 80.
    #[serde(rename = "http-01")]
    Http01,
    /// By a certificate over TLS, on port 443.
    #[serde(rename = "tls-alpn-01")]
    TlsAlpn01,
}

/// What follows from having domains, where nothing says otherwise: production, at the first domain, on the ports that
/// browsers and the authority ask. A server that is told to listen elsewhere listens there alone.
pub(super) fn implied(layers: &[Layer]) -> Vec<Layer> {
    let set = |key: &str| layers.iter().rev().find_map(|layer| layer.value(key));
    let Some(domain) = set(DOMAINS).and_then(first) else { return Vec::new() };
    let mut settings = vec![
        ("environment", "production".to_owned()),
        ("server.public_url", format!("https://{domain}")),
        ("server.listen", "[::]:443".to_owned()),
    ];
    if set("server.listen").is_none() {
        settings.push(("server.acme_http_listen", "[::]:80".to_owned()));
    }
    settings.into_iter().map(|(key, value)| Layer::one(Strength::Implied, DOMAINS, key, value)).collect()
}

/// The first of the domains in a value, which may be a list, or a text with commas.
fn first(domains: &Value) -> Option<Domain> {
    let first = match domains {
        Value::Array(_, list) => list.first()?.as_str()?,
        text => text.as_str()?.split(',').find(|item| !item.trim().is_empty())?,
    };
    first.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Effective, Environment, Sources};

    #[test]
    fn a_domain_is_a_name_that_a_certificate_can_have() {
        for (text, name) in [("Example.COM", "example.com"), ("bücher.example", "xn--bcher-kva.example"), ("a", "a")] {
            assert_eq!(text.parse::<Domain>().unwrap().as_str(), name);
        }
        for text in ["", "*.example.com", "example.com:443", "example.com.", "192.0.2.1", "https://example.com", "a b"]
        {
            assert!(text.parse::<Domain>().is_err(), "{text}");
        }
    }

    fn loaded(domains: &[&str], variables: &[(&str, &str)]) -> Effective {
        let domains = domains.iter().map(|domain| domain.parse().unwrap()).collect();
        let environment = variables.iter().map(|(name, value)| (name.into(), value.into()));
        Effective::load_in(&Sources { domains, ..Sources::default() }, environment).unwrap()
    }

    #[test]
    fn a_domain_is_all_that_one_needs() {
        let effective = loaded(&["example.com", "www.example.com"], &[]);
        let config = effective.config();
        assert_eq!(config.environment, Environment::Production);
        let server = &config.server;
        assert_eq!(server.listen.to_string(), "[::]:443");
        assert_eq!(server.acme_http_listen.as_ref().unwrap().to_string(), "[::]:80");
        assert_eq!(server.public_url.as_ref().unwrap().as_str(), "https://example.com");
        assert_eq!(server.acme_domains.len(), 2);
        let shown = effective.to_toml();
        assert!(shown.contains("environment = \"production\"  # server.acme_domains\n"), "{shown}");
    }

    #[test]
    fn what_follows_from_a_domain_is_weaker_than_all_that_is_said() {
        let said = [
            ("ENVIRONMENT", "staging"),
            ("GHOSTWORKS__SERVER__LISTEN", "127.0.0.1:8443"),
            ("GHOSTWORKS__SERVER__PUBLIC_URL", "https://other.example"),
        ];
        let effective = loaded(&["example.com"], &said);
        let config = effective.config();
        assert_eq!(config.environment, Environment::Staging);
        assert_eq!(config.server.listen.to_string(), "127.0.0.1:8443");
        assert_eq!(config.server.acme_http_listen, None);
        assert_eq!(config.server.public_url.as_ref().unwrap().as_str(), "https://other.example");
        assert_eq!(loaded(&[], &[]).config().environment, Environment::Development);
    }
}
