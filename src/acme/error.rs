//! Why there is no certificate, and what to do.

use std::io;
use std::path::PathBuf;

use instant_acme::{Error, Problem};
use thiserror::Error;

use super::Kind;

/// What an authority answers that has had enough.
const LIMITED: &str = "urn:ietf:params:acme:error:rateLimited";
/// What an authority answers that has forgotten an account.
const UNKNOWN_ACCOUNT: &str = "urn:ietf:params:acme:error:accountDoesNotExist";

/// Why an authority gave no certificate.
#[derive(Debug, Error)]
pub enum AcmeError {
    /// The certificates to trust it by can't be used.
    #[error("server.acme_root can't be used: {0}")]
    Root(String),
    /// It can't be asked.
    #[error(
        "{directory} can't be reached: {cause}; check server.acme_directory and the network, and server.acme_root for an authority that is not commonly trusted"
    )]
    Unreachable {
        /// Its directory.
        directory: String,
        /// What came of it.
        cause: String,
    },
    /// It is something else.
    #[error("{directory} is no ACME directory: {cause}; check server.acme_directory")]
    NoDirectory {
        /// What was asked.
        directory: String,
        /// What came of it.
        cause: String,
    },
    /// It knows its customers otherwise.
    #[error("{directory} wants accounts that were agreed on before (external account binding): use another authority")]
    BindingRequired {
        /// Its directory.
        directory: String,
    },
    /// It has forgotten the account.
    #[error("the authority does not know this server's account any more")]
    UnknownAccount,
    /// It was asked too often.
    #[error("the authority was asked too often: {0}")]
    Limited(String),
    /// It says no.
    #[error("the authority refused: {0}")]
    Refused(String),
    /// It does not take the only proof that can be given.
    #[error(
        "the authority does not take {challenge} as a proof for {domain}; remove server.acme_challenge, or change it"
    )]
    NotOffered {
        /// The name to be proved.
        domain: String,
        /// The proof.
        challenge: Kind,
    },
    /// It was not convinced.
    #[error("{domain} was not proved by {challenge}: {detail}; {}", .challenge.remedy())]
    Unproved {
        /// The name to be proved.
        domain: String,
        /// The proof.
        challenge: Kind,
        /// What it saw.
        detail: String,
    },
    /// It did not finish.
    #[error("the authority did not finish in time")]
    Late,
    /// It broke off.
    #[error("the authority did not answer: {0}")]
    Unanswered(String),
    /// What it said makes no sense.
    #[error("the authority can't be understood: {0}")]
    Nonsense(String),
    /// It gave what it was not asked for.
    #[error("the authority gave a certificate for other names or another time: is the clock of this machine right?")]
    Useless,
    /// What is to be kept can't be.
    #[error("{path} can't be used: {error}; check that it can be read and written, or move it away")]
    Storage {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: io::Error,
    },
    /// A key or a certificate of one's own can't be made.
    #[error("no key or certificate can be made: {0}")]
    Crypto(String),
}

impl AcmeError {
    /// Whether nothing was asked of the authority that it may count.
    pub(super) fn is_before_the_order(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::NoDirectory { .. } | Self::BindingRequired { .. })
    }
}

impl From<Error> for AcmeError {
    fn from(error: Error) -> Self {
        match error {
            Error::Api(problem) => problem.into(),
            Error::Timeout(_) => Self::Late,
            Error::Other(cause) => Self::Unanswered(cause.to_string()),
            error => Self::Nonsense(error.to_string()),
        }
    }
}

impl From<Problem> for AcmeError {
    fn from(problem: Problem) -> Self {
        match problem.r#type.as_deref() {
            Some(UNKNOWN_ACCOUNT) => Self::UnknownAccount,
            Some(LIMITED) => Self::Limited(text(&problem)),
            _ => Self::Refused(text(&problem)),
        }
    }
}

/// What a problem says to people.
pub(super) fn text(problem: &Problem) -> String {
    let mut text =
        problem.detail.clone().or_else(|| problem.r#type.clone()).unwrap_or_else(|| "no reason given".to_owned());
    for part in &problem.subproblems {
        text += &format!("; {part}");
    }
    text.trim_end_matches('.').replace('\n', " ")
}
