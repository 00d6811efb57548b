//! The settings of commands that ask a server.

use std::path::PathBuf;

use hyper::Uri;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::check::{self, Checked};
use super::secret::masked;

/// The server that `ghostworks export` and `import` ask.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Remote {
    /// Its URL (`--server`); by default that of a server with this configuration on this machine.
    pub url: Option<String>,
    /// The API key or access token that is shown to it.
    #[serde(serialize_with = "masked")]
    pub token: Option<SecretString>,
    /// A PEM file with the certificates that vouch for it, instead of those of Mozilla.
    pub certificate: Option<PathBuf>,
}

impl Remote {
    pub(super) fn check(&self) -> Checked {
        let fit = self.url.as_deref().is_none_or(is_base);
        check::ensure("remote.url", fit, "expected a URL such as https://ghostworks.example.com")?;
        let fit = self.token.as_ref().is_none_or(|token| token.expose_secret().bytes().all(|it| it.is_ascii_graphic()));
        check::ensure("remote.token", fit, "expected an API key or an access token, and nothing around it")
    }
}

/// Whether paths can be appended to a URL.
fn is_base(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let is_plain = |authority: &str| !authority.starts_with(':') && !authority.contains('@');
    matches!(uri.scheme_str(), Some("http" | "https"))
        && uri.authority().is_some_and(|authority| is_plain(authority.as_str()))
        && !url.contains(['?', '#'])
}
