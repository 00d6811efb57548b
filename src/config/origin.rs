//! Origins of web pages (RFC 6454), spelt as browsers send them.

use std::str::FromStr;

use hyper::Uri;
use serde::{Serialize, Serializer};

/// Scheme, host and port of a web page, such as `https://console.example.com`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// As an `Origin` header has it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = ();

    /// Only what a browser would send: anything else would never match.
    fn from_str(text: &str) -> Result<Self, ()> {
        let uri: Uri = text.parse().map_err(|_| ())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(()) };
        let default_port = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return Err(()),
        };
        let is_bare = text == format!("{scheme}://{authority}") && !authority.as_str().contains('@');
        let is_canonical = text == text.to_ascii_lowercase() && authority.port_u16() != Some(default_port);
        let is_one = !authority.host().is_empty() && !text.contains('*');
        if is_bare && is_canonical && is_one { Ok(Self(text.to_owned())) } else { Err(()) }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
