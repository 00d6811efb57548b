//! Lines into a workspace, some at a time.
//!
//! Each part is sent under an idempotency key that is made of its lines and their place. So importing the same
//! again goes on where it ended, however it ended. That is also why it stops at the first part with a line that is
//! refused: no later one may be there already when the lines before it change.

use std::path::Path;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::TransferError;
use super::error::FieldError;
use super::lines::{IMPORTED, Lines, Part, open_lines};
use super::remote::RemoteServer;
use crate::app::Error;
use crate::config::Config;
use crate::domain::{Share, push_hex};

/// A header of an answer that was given before.
const REPLAYED: &str = "idempotency-replayed";

/// What became of an import.
#[derive(Debug, Default)]
pub struct Imported {
    /// Artifacts that were created.
    pub artifacts: u64,
    /// Artifacts that were not, because the same import had created them before.
    pub before: u64,
    /// Lines that were passed over, because they stand for artifacts that could not be read when they were exported.
    pub damaged: u64,
    /// Where it stopped, if it did.
    pub refused: Option<Refused>,
}

/// Lines of which none was imported, because some were refused.
#[derive(Debug)]
pub struct Refused {
    /// The number of the first.
    pub first: u64,
    /// The number of the last.
    pub last: u64,
    /// Those that were refused, or the first of them. One may be there more than once.
    pub lines: Vec<RefusedLine>,
}

/// A line that was refused.
#[derive(Debug)]
pub struct RefusedLine {
    /// Its number, beginning with 1.
    pub number: u64,
    /// What of it; empty for all of it.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

/// What is to be imported.
#[derive(Debug)]
pub struct Import<'a> {
    /// The workspace, by its id or its slug.
    pub workspace: &'a str,
    /// The file; without one, standard input.
    pub from: Option<&'a Path>,
    /// What the import is called. What was imported from the same lines under another name is imported once more.
    pub run: &'a str,
}

/// Imports each line as an artifact. `passed` is called with how many are there so far.
pub async fn import(config: &Config, what: &Import<'_>, mut passed: impl FnMut(Share)) -> Result<Imported, Error> {
    let unreadable = |error| {
        let from = what.from.map_or_else(|| "standard input".to_owned(), |path| path.display().to_string());
        TransferError::Read { from, error }
    };
    let (source, total) = open_lines(what.from).map_err(unreadable)?;
    let remote = RemoteServer::new(config)?;
    let path = format!("{}/import", remote.artifacts(what.workspace).await?);
    let target = Target { remote, what, path };
    let (mut lines, mut done) = (Lines::new(source), Imported::default());
    while done.refused.is_none() {
        let part = lines.next_part().map_err(unreadable).map_err(|error| done.interrupted(error))?;
        let Some(part) = part else { break };
        target.take(part, &mut done).await.map_err(|error| done.interrupted(error))?;
        passed(Share::new(IMPORTED, done.artifacts + done.before, total));
    }
    Ok(done)
}

impl Imported {
    /// Prints what was done until then, if anything was or may have been.
    fn interrupted(&self, cause: TransferError) -> TransferError {
        let imported = self.artifacts + self.before;
        if imported > 0 || matches!(cause, TransferError::BrokenOff { .. }) {
            TransferError::Interrupted { imported, cause: cause.into() }
        } else {
            cause
        }
    }
}

/// What the server says of lines that it imported.
#[derive(Deserialize)]
struct PartReport {
    imported: u64,
    /// How many lines stand for artifacts that could not be read.
    #[serde(default)]
    damaged: u64,
}

/// What became of lines that were sent.
enum Sent {
    Imported(PartReport),
    /// They were imported when they were sent before.
    Before(PartReport),
    /// Some are not good.
    Refused(Vec<RefusedLine>),
    /// They are too many bytes for the server, or for a proxy in front of it.
    TooLarge(String),
}

/// Where the lines go.
struct Target<'a> {
    remote: RemoteServer,
    what: &'a Import<'a>,
    path: String,
}

impl Target<'_> {
    /// Sends a part, in pieces when it is too large for the server, up to the first that is refused.
    async fn take(&self, part: Part, done: &mut Imported) -> Result<(), TransferError> {
        let mut pieces = vec![part];
        while let Some(piece) = pieces.pop() {
            if piece.artifacts == 0 {
                continue;
            }
            let lines = match self.send(&piece).await? {
                Sent::Imported(answer) => {
                    done.artifacts += answer.imported;
                    done.damaged += answer.damaged;
                    continue;
                }
                Sent::Before(answer) => {
                    done.before += answer.imported;
                    done.damaged += answer.damaged;
                    continue;
                }
                Sent::Refused(lines) => lines,
                Sent::TooLarge(reason) => match piece.halves() {
                    Some([before, after]) => {
                        pieces.extend([after, before]);
                        continue;
                    }
                    None => vec![RefusedLine { number: piece.first, field: String::new(), reason }],
                },
            };
            done.refused = Some(Refused { first: piece.first, last: piece.last(), lines });
            break;
        }
        Ok(())
    }

    async fn send(&self, piece: &Part) -> Result<Sent, TransferError> {
        let answer = match self.remote.post(&self.path, &self.key(piece), piece.bytes.clone()).await {
            Ok(answer) => answer,
            Err(TransferError::Problem { url, problem }) => {
                return match problem.code.as_str() {
                    "validation_failed" => {
                        Ok(Sent::Refused(problem.errors.iter().map(|error| refused(error, piece)).collect()))
                    }
                    // They were imported, and only the answer that said so is lost, or was not kept.
                    "idempotency_answer_lost" | "already_done" => {
                        Ok(Sent::Before(PartReport { imported: piece.artifacts, damaged: 0 }))
                    }
                    "payload_too_large" => Ok(Sent::TooLarge(problem.detail)),
                    "workspace_not_found" => Err(self.remote.no_workspace(self.what.workspace)),
                    _ => Err(TransferError::Problem { url, problem }),
                };
            }
            Err(error @ TransferError::TooLarge { .. }) => return Ok(Sent::TooLarge(error.to_string())),
            Err(error) => return Err(error),
        };
        let is_before = answer.headers().contains_key(REPLAYED);
        let answer: PartReport = self.remote.read(answer).await?;
        Ok(if is_before { Sent::Before(answer) } else { Sent::Imported(answer) })
    }

    /// The same for the same lines at the same place in an import of the same name.
    fn key(&self, piece: &Part) -> String {
        let digest =
            Sha256::new().chain_update(self.what.run).chain_update([0]).chain_update(piece.first.to_be_bytes());
        let mut key = "import-".to_owned();
        push_hex(&mut key, &digest.chain_update(&piece.bytes).finalize());
        key
    }
}

/// What the server says of a line, with the line's number in the file instead of that in the piece.
fn refused(error: &FieldError, piece: &Part) -> RefusedLine {
    let pointer = error.pointer.trim_start_matches('/');
    let (number, field) = pointer.split_once('/').unwrap_or((pointer, ""));
    let reason = error.detail.strip_prefix(&format!("line {number}: ")).unwrap_or(&error.detail).to_owned();
    let number = piece.first + number.parse::<u64>().unwrap_or(1).saturating_sub(1);
    RefusedLine { number, field: field.to_owned(), reason }
}
