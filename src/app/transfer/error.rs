//! Why artifacts were not exported or imported.

use std::io;

use serde::Deserialize;
use thiserror::Error;

/// Why artifacts were not exported or imported: one line that says what to do.
#[derive(Debug, Error)]
pub enum TransferError {
    /// Nobody knows where the server is.
    #[error("the server's address is not known before it starts; give it by --server")]
    NoServer,
    /// There is nothing to show to the server.
    #[error(
        "the server wants an API key or an access token: set GHOSTWORKS__REMOTE__TOKEN, or name a file that has it \
         with --token-file"
    )]
    NoToken,
    /// The certificates can't be used.
    #[error("remote.certificate: {0}")]
    Certificate(String),
    /// There is no connection.
    #[error("can't connect to {url} ({cause}); is the server running, and is that its address?")]
    Unreachable {
        /// Where it was asked.
        url: String,
        /// What came of it.
        cause: String,
    },
    /// There was a connection, and no answer.
    #[error("the connection to {url} broke off ({cause})")]
    BrokenOff {
        /// Where it was asked.
        url: String,
        /// What came of it.
        cause: String,
    },
    /// Something else answered.
    #[error("{url} answered {what}, which is not from a ghostworks server; is that its address, and does it run?")]
    NotOurs {
        /// Where it was asked.
        url: String,
        /// The status, or the type of the content.
        what: String,
    },
    /// The server does not know who asks.
    #[error(
        "{url} does not take this key or token: it is another server's, or no good any more; make an API key there, or \
         sign in again"
    )]
    UnknownToken {
        /// Where it was asked.
        url: String,
    },
    /// There is no such workspace, or the caller may not see it.
    #[error("{url} has no workspace {workspace} that this key or token is good for")]
    NoWorkspace {
        /// Where it was asked.
        url: String,
        /// What it was called.
        workspace: String,
    },
    /// API keys can't look up a slug.
    #[error("with an API key, a workspace is named by its id and not by its slug; the id of this key's is {id}")]
    SlugByKey {
        /// The id.
        id: String,
    },
    /// A proxy in front of the server takes no body of this size.
    #[error("a proxy at {url} takes no body of this size")]
    TooLarge {
        /// Where it was asked.
        url: String,
    },
    /// The server refused, and said why.
    #[error("{url} refused: {}", .problem.detail.trim_end_matches('.'))]
    Problem {
        /// Where it was asked.
        url: String,
        /// What it said.
        problem: Box<ProblemDocument>,
    },
    /// What is to be imported can't be read.
    #[error("can't read {from}: {error}")]
    Read {
        /// Where it is.
        from: String,
        /// What is wrong.
        error: io::Error,
    },
    /// What was exported can't be written.
    #[error("can't write {to}: {error}")]
    Write {
        /// Where it should be.
        to: String,
        /// What the system said.
        error: io::Error,
    },
    /// An export ended before its end.
    #[error("the export from {url} broke off ({cause}), and what came is not whole; begin again")]
    Incomplete {
        /// Where it was asked.
        url: String,
        /// What came of it.
        cause: String,
    },
    /// An import ended before its end.
    #[error(
        "{cause}; {imported} artifacts were imported before that: import the same again with the same key or account, \
         and it goes on from there"
    )]
    Interrupted {
        /// Artifacts that are there, at least.
        imported: u64,
        /// What was in the way.
        cause: Box<Self>,
    },
}

/// What is read of a problem document.
#[derive(Debug, Deserialize)]
pub struct ProblemDocument {
    /// The kind of problem.
    pub(super) code: String,
    /// A sentence.
    pub(super) detail: String,
    /// What is wrong with the request.
    #[serde(default)]
    pub(super) errors: Vec<FieldError>,
}

impl ProblemDocument {
    /// The sentence, without a full stop.
    pub(in crate::app) fn into_detail(self) -> String {
        self.detail.trim_end_matches('.').to_owned()
    }
}

/// What is wrong with a part of a request.
#[derive(Debug, Deserialize)]
pub(super) struct FieldError {
    /// Which part.
    pub pointer: String,
    /// What is wrong.
    pub detail: String,
}
