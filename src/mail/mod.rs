//! Mail: writes the few e-mails that ghostworks sends, and hands them to a mail server.
//!
//! Knows `domain` and the SMTP client; who gets an e-mail and when is up to `service`.

mod content;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use gethostname::gethostname;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use lettre::transport::smtp;
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use thiserror::Error;

use crate::domain::{Clock, Email, Entropy, Purpose};

pub use content::Links;

/// How long a mail server may take for each step of a delivery.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Why e-mails can't be sent as configured.
#[derive(Debug, Error)]
pub enum MailerError {
    /// The URL of the mail server makes no sense. It is not repeated: it may have a password in it.
    #[error("mail.smtp_url can't be used: expected smtps://user:password@host, or smtp://host:port?tls=required")]
    Url,
    /// The sender is no address.
    #[error("mail.from can't be used: expected an address, such as Ghostworks <ghostworks@example.com>")]
    From,
}

/// Why an e-mail was not sent. Does not name whom it was for, as a mail server's own words might.
#[derive(Debug, Error)]
pub enum SendError {
    /// It can't be written to this address.
    #[error("the address can't be written to")]
    Address,
    /// The mail server did not take it.
    #[error("the mail server answered {0}")]
    Refused(String),
    /// The mail server takes no addresses with letters beyond ASCII.
    #[error("the address has letters beyond ASCII, and the mail server takes no such address (it has no SMTPUTF8)")]
    NoSuchLetters,
    /// The mail server can't do what the e-mail needs.
    #[error("the mail server can't do what the e-mail needs")]
    Unfit,
    /// The mail server did not answer, or not in a way that can be understood.
    #[error("the mail server can't be reached: {0}")]
    Unreachable(&'static str),
}

/// An e-mail to one person.
pub struct Mail {
    /// To whom.
    pub to: Email,
    /// What is in it.
    pub content: Content,
}

/// What is in an e-mail.
pub enum Content {
    /// A token, in a link and as it is.
    Link {
        /// What it is for.
        purpose: Purpose,
        /// The token.
        token: String,
    },
    /// An invitation to a workspace.
    Invitation {
        /// What it is called.
        workspace: String,
        /// The invitation's token.
        token: String,
    },
    /// Something to know.
    Notice(Notice),
}

impl Content {
    /// What it is called in log lines.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Link { purpose, .. } => purpose.as_str(),
            Self::Invitation { .. } => "invitation",
            Self::Notice(notice) => notice.as_str(),
        }
    }
}

/// Something to know, for which nothing has to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The account that had this address has another.
    AddressChanged,
    /// API keys have ended with the account that made them.
    KeysEnded {
        /// The workspace that they were good in.
        workspace: String,
        /// What they were called.
        keys: Vec<String>,
    },
    /// For operators: the backups that the server makes by itself have begun to fail.
    BackupsFail {
        /// Where the server is.
        server: String,
        /// Why the first failed.
        cause: String,
    },
    /// For operators: the backups work again.
    BackupsWork {
        /// Where the server is.
        server: String,
    },
}

impl Notice {
    /// What it is called in log lines.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::AddressChanged => "address_changed",
            Self::KeysEnded { .. } => "keys_ended",
            Self::BackupsFail { .. } => "backups_fail",
            Self::BackupsWork { .. } => "backups_work",
        }
    }
}

/// Sends e-mails.
pub struct Mailer {
    route: Route,
    links: Links,
}

enum Route {
    Smtp(Box<Smtp>),
    Log,
}

struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Mailer {
    /// Sends over the mail server at `url`, in the name of `from`.
    pub fn over_smtp(
        url: &str,
        from: &str,
        links: Links,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, MailerError> {
        let name = ClientId::Domain(gethostname().to_string_lossy().into_owned());
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|_| MailerError::Url)?
            .hello_name(name)
            .timeout(Some(TIMEOUT))
            .build();
        let from = from.parse().map_err(|_| MailerError::From)?;
        Ok(Self { route: Route::Smtp(Box::new(Smtp { transport, from, clock, entropy })), links })
    }

    /// Sends nothing, and writes the links to the log instead: for one's own machine.
    pub fn to_log(links: Links) -> Self {
        Self { route: Route::Log, links }
    }

    /// Sends an e-mail; returns when the mail server has taken it.
    pub async fn send(&self, mail: &Mail) -> Result<(), SendError> {
        match &self.route {
            Route::Smtp(smtp) => smtp.send(mail, &self.links).await,
            Route::Log => {
                self.log(&mail.content);
                Ok(())
            }
        }
    }

    /// Writes to the log what is not sent.
    fn log(&self, content: &Content) {
        let purpose = content.as_str();
        let link = match content {
            Content::Link { purpose, token } => self.links.to(*purpose, token),
            Content::Invitation { token, .. } => self.links.to_invitation(token),
            Content::Notice(_) => {
                tracing::info!(purpose, "no mail server is configured, so an e-mail is not sent");
                return;
            }
        };
        tracing::info!(purpose, link, "no mail server is configured, so this is the link of the e-mail");
    }
}

impl Smtp {
    async fn send(&self, mail: &Mail, links: &Links) -> Result<(), SendError> {
        let to = mail.to.as_str().parse().map_err(|_| SendError::Address)?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .date(SystemTime::from(self.clock.now()))
            .message_id(Some(self.message_id()))
            .subject(mail.subject())
            // Nobody's absence is to answer it.
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
            .singlepart(SinglePart::plain(mail.text(links)))
            .map_err(|_| SendError::Address)?;
        self.transport.send(message).await.map(drop).map_err(|error| reason(&error, &mail.to))
    }

    fn message_id(&self) -> String {
        let number = u128::from_be_bytes(self.entropy.bytes());
        format!("<{number:032x}@{}>", self.from.email.domain())
    }
}

fn reason(error: &smtp::Error, to: &Email) -> SendError {
    match error.status() {
        Some(code) => SendError::Refused(code.to_string()),
        None if error.is_timeout() => SendError::Unreachable("it takes too long"),
        None if error.is_tls() => SendError::Unreachable("no TLS connection to it can be made"),
        None if error.is_client() && !to.as_str().is_ascii() => SendError::NoSuchLetters,
        None if error.is_client() => SendError::Unfit,
        None if error.is_response() => SendError::Unreachable("it does not speak SMTP"),
        None => SendError::Unreachable("the connection failed"),
    }
}
