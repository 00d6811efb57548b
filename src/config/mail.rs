//! The settings of mail.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::Environment;
use super::check::{self, Checked};
use super::public_url::PublicUrl;
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
    /// The page that verifies an address; `{token}` stands for the token. Default `/console/verify-email?token={token}` at
    /// `server.public_url`, or else at `http://127.0.0.1:8000`.
    pub verify_link: String,
    /// The page where another password is chosen; `{token}` stands for the token. Default
    /// `/console/reset-password?token={token}` there.
    pub reset_link: String,
    /// The page where an invitation is accepted; `{token}` stands for the token. Default `/console/invitation?token={token}`
    /// there.
    pub invitation_link: String,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            smtp_url: None,
            from: "Ghostworks <ghostworks@localhost>".into(),
            verify_link: "http://127.0.0.1:8000/console/verify-email?token={token}".into(),
            reset_link: "http://127.0.0.1:8000/console/reset-password?token={token}".into(),
            invitation_link: "http://127.0.0.1:8000/console/invitation?token={token}".into(),
        }
    }
}

impl Mail {
    /// The server in links that are not configured, when it has no public URL.
    const LOCAL: &str = "http://127.0.0.1:8000/";

    /// A link as it is sent: one to this machine leads to the public URL instead, if there is one.
    pub fn link(link: &str, public_url: Option<&PublicUrl>) -> String {
        match (public_url, link.strip_prefix(Self::LOCAL)) {
            (Some(url), Some(page)) => format!("{}/{page}", url.as_str()),
            _ => link.to_owned(),
        }
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
    let is_url = link.starts_with("http://") || link.starts_with("https://");
    let fit = is_url && link.contains(TOKEN) && !link.contains(|c: char| c.is_whitespace() || c.is_control());
    check::ensure(key, fit, "expected a URL with {token} in it")
}
