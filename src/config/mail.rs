//! The settings of mail.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::Environment;
use super::check::{self, Checked};
use super::secret::masked;

/// What stands for the token in a link.
const TOKEN: &str = "{token}";

/// Mail: the e-mails that verify an address, let someone choose another password, or invite somebody.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// The mail server, with user and password if it wants them: `smtps://…`, or `smtp://…` with `?tls=required` for
    /// STARTTLS. By default none: then no mail is sent, and in development the links go to the log.
    #[serde(serialize_with = "masked")]
    pub smtp_url: Option<SecretString>,
    /// The sender of every e-mail. Default `Ghostworks <ghostworks@localhost>`.
    pub from: String,
    /// The page that verifies an address; `{token}` stands for the token. A path is one at `server.public_url`, or else at
    /// the address that the server listens on. Default `/console/verify-email?token={token}`.
    pub verify_link: String,
    /// The page where another password is chosen; `{token}` stands for the token. Default
    /// `/console/reset-password?token={token}`.
    pub reset_link: String,
    /// The page where an invitation is accepted; `{token}` stands for the token. Default
    /// `/console/invitation?token={token}`.
    pub invitation_link: String,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            smtp_url: None,
            from: "Ghostworks <ghostworks@localhost>".into(),
            verify_link: "/console/verify-email?token={token}".into(),
            reset_link: "/console/reset-password?token={token}".into(),
            invitation_link: "/console/invitation?token={token}".into(),
        }
    }
}

impl Mail {
    /// What the defaults of earlier versions began with.
    const FORMERLY: &str = "http://127.0.0.1:8000";

    /// A link as it is sent: a path is one of the server at `base`, a URL without a slash at its end.
    pub fn link(link: &str, base: &str) -> String {
        let path = link.strip_prefix(Self::FORMERLY).unwrap_or(link);
        if path.starts_with('/') { format!("{base}{path}") } else { link.to_owned() }
    }

    pub(super) fn check(&self) -> Checked {
        if let Some(url) = &self.smtp_url {
            let url = url.expose_secret();
            let is_smtp = url.starts_with("smtp://") || url.starts_with("smtps://");
            check::ensure("mail.smtp_url", is_smtp, "expected a URL that begins with smtp:// or smtps://")?;
        }
        check::one_line("mail.from", &self.from)?;
        check_link("mail.verify_link", &self.verify_link)?;
        check_link("mail.reset_link", &self.reset_link)?;
        check_link("mail.invitation_link", &self.invitation_link)
    }

    /// Whether anybody could ever see what is sent.
    pub(super) fn reaches_people(&self, environment: Environment) -> bool {
        self.smtp_url.is_some() || environment == Environment::Development
    }
}

fn check_link(key: &'static str, link: &str) -> Checked {
    let is_url = ["/", "http://", "https://"].iter().any(|start| link.starts_with(start));
    let fit = is_url && link.contains(TOKEN) && !link.contains(|c: char| c.is_whitespace() || c.is_control());
    check::ensure(key, fit, "expected a URL, or a path of this server, with {token} in it")
}
