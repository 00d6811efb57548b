//! What is in an e-mail.

use super::{Content, Mail, Notice};
use crate::domain::Purpose;

/// What stands for the token in a template.
const TOKEN: &str = "{token}";

/// Where an e-mail leads to. Each is a URL with `{token}` in it.
#[derive(Clone, Debug)]
pub struct Links {
    /// The page that takes the token that verifies an address.
    pub verify: String,
    /// The page that takes the token that lets one choose another password.
    pub reset: String,
    /// The page that takes an invitation.
    pub invitation: String,
}

impl Links {
    /// The link for a purpose. Tokens are base64url: nothing in them needs escaping.
    pub fn to(&self, purpose: Purpose, token: &str) -> String {
        let template = match purpose {
            Purpose::VerifyEmail | Purpose::ChangeEmail => &self.verify,
            Purpose::ResetPassword => &self.reset,
        };
        template.replace(TOKEN, token)
    }

    /// The link of an invitation.
    pub fn to_invitation(&self, token: &str) -> String {
        self.invitation.replace(TOKEN, token)
    }
}

impl Mail {
    pub(super) fn subject(&self) -> &'static str {
        match &self.content {
            Content::Link { purpose: Purpose::VerifyEmail, .. } => "Verify your e-mail address",
            Content::Link { purpose: Purpose::ResetPassword, .. } => "Choose a new password",
            Content::Link { purpose: Purpose::ChangeEmail, .. } => "Prove that this address is yours",
            Content::Invitation { .. } => "You are invited to a workspace",
            Content::Notice(Notice::AddressChanged) => "Your account has another address",
            Content::Notice(Notice::KeysEnded { .. }) => "API keys of a workspace of yours have ended",
            Content::Notice(Notice::BackupsFail { .. }) => "The scheduled backups fail",
            Content::Notice(Notice::BackupsWork { .. }) => "The scheduled backups work again",
        }
    }

    pub(super) fn text(&self, links: &Links) -> String {
        match &self.content {
            Content::Link { purpose, token } => with_link(*purpose, token, links),
            Content::Invitation { workspace, token } => invitation(workspace, token, links),
            Content::Notice(notice) => notice.text(),
        }
    }
}

impl Notice {
    fn text(&self) -> String {
        match self {
            Self::AddressChanged => {
                "The account that had this address has another one from now on, and sends nothing here any more.\r\n\r\n\
                 If it was not you who changed it, tell the operator of the server at once.\r\n"
                    .to_owned()
            }
            Self::KeysEnded { workspace, keys } => format!(
                "An account was deleted, and the API keys that it had made in your workspace {workspace} have ended:\r\n\r\n\
                 {}\r\n\r\nPrograms that used them need other ones.\r\n",
                keys.join("\r\n")
            ),
            Self::BackupsFail { server, cause } => format!(
                "The ghostworks server at {server} could not make the backup that was due:\r\n\r\n{cause}\r\n\r\n\
                 It is tried again all the time, and you get another mail when it works. Until then, what is written is on\r\n\
                 no backup. You get this because your account may operate the server.\r\n"
            ),
            Self::BackupsWork { server } => format!(
                "The ghostworks server at {server} makes backups again: there is a new one, or the last is recent enough.\r\n"
            ),
        }
    }
}

fn with_link(purpose: Purpose, token: &str, links: &Links) -> String {
    let (why, ignore) = match purpose {
        Purpose::VerifyEmail => (
            "Someone, probably you, registered an account with this address.\r\nTo show that it is yours, follow",
            "If it was not you, ignore this mail; the address stays unverified.",
        ),
        Purpose::ResetPassword => (
            "Someone, probably you, asked for a new password for the account with this address.\r\nTo choose one, follow",
            "If it was not you, ignore this mail; your password stays as it is.",
        ),
        Purpose::ChangeEmail => (
            "Someone, probably you, wants an account to have this address from now on.\r\nTo show that it is yours, follow",
            "If it was not you, ignore this mail; the account keeps the address that it has.",
        ),
    };
    let link = links.to(purpose, token);
    format!(
        "{why}\r\n\r\n{link}\r\n\r\nor give this token to the program that asks for it:\r\n\r\n{token}\r\n\r\n\
         It is good once, and for a limited time. {ignore}\r\n"
    )
}

/// The same for addresses with an account and without.
fn invitation(workspace: &str, token: &str, links: &Links) -> String {
    let link = links.to_invitation(token);
    format!(
        "An admin of the workspace {workspace} invites you to be a member of it.\r\nTo accept, follow\r\n\r\n{link}\r\n\r\n\
         or give this token to the program that asks for it:\r\n\r\n{token}\r\n\r\n\
         It is good once, and for a limited time. If you don't know who that may be, ignore this mail: nothing happens \
         without you.\r\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Email;

    #[test]
    fn a_mail_leads_to_the_page_for_its_purpose() {
        let links = Links {
            verify: "https://a.example/v?t={token}".into(),
            reset: "https://a.example/r/{token}".into(),
            invitation: "https://a.example/i/{token}".into(),
        };
        for (purpose, link) in
            [(Purpose::VerifyEmail, "https://a.example/v?t=abc"), (Purpose::ResetPassword, "https://a.example/r/abc")]
        {
            let to = Email::parse("ann@example.com").expect("an address");
            let mail = Mail { to, content: Content::Link { purpose, token: "abc".to_owned() } };
            assert!(mail.text(&links).lines().any(|line| line == link), "{}", mail.text(&links));
        }
    }
}
