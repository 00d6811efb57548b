//! Where people and programs reach the server: what they type, not what it listens on.

use std::str::FromStr;

use hyper::Uri;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::check;

/// Scheme, host, port and path of the server as it is seen through what is in front of it: `https://example.com/gw`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    /// Without a slash at its end.
    text: String,
    /// Where in it the host begins.
    authority: usize,
    /// Where in it the path begins.
    path: usize,
}

impl PublicUrl {
    /// All of it, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Host and port.
    pub fn authority(&self) -> &str {
        &self.text[self.authority..self.path]
    }

    /// The path, without a slash at its end: empty for the root.
    pub fn path(&self) -> &str {
        &self.text[self.path..]
    }

    /// Whether a text can stand before other paths as it is.
    pub fn is_path(text: &str) -> bool {
        let is_segment = |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(is_plain);
        text.strip_prefix('/').is_some_and(|path| path.split('/').all(is_segment))
    }
}

impl FromStr for PublicUrl {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.trim_end_matches('/');
        let uri: Uri = text.parse().map_err(|_| ())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(()) };
        let start = scheme.len() + "://".len();
        let path = text.get(start + authority.as_str().len()..).ok_or(())?;
        let is_bare = matches!(scheme, "http" | "https") && !authority.as_str().contains('@');
        if !is_bare || !(path.is_empty() || Self::is_path(path)) {
            return Err(());
        }
        Ok(Self { text: text.to_owned(), authority: start, path: start + authority.as_str().len() })
    }
}

/// What needs no escaping in a path.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

impl Serialize for PublicUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for PublicUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        check::parse(deserializer, "a URL without a query, such as https://example.com or https://example.com/gw")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_has_a_host_and_maybe_a_path() {
        for (text, authority, path) in [
            ("https://example.com", "example.com", ""),
            ("https://example.com/", "example.com", ""),
            ("https://example.com/gw/", "example.com", "/gw"),
            ("http://[::1]:8080/a/b-c", "[::1]:8080", "/a/b-c"),
        ] {
            let url: PublicUrl = text.parse().unwrap();
            assert_eq!((url.as_str(), url.authority(), url.path()), (text.trim_end_matches('/'), authority, path));
        }
        for text in [
            "",
            "/gw",
            "example.com",
            "ftp://example.com",
            "https://",
            "https://example.com/?a",
            "https://ann@example.com",
            "https://example.com/a//b",
            "https://example.com/../b",
            "https://example.com/a b",
            "https://example.com/a;b",
        ] {
            assert_eq!(text.parse::<PublicUrl>(), Err(()), "{text}");
        }
    }
}
