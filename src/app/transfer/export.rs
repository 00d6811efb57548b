//! All artifacts of a workspace to a file, one a line.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use http_body_util::BodyExt as _;
use hyper::Response;
use hyper::body::{Body, Bytes};
use hyper::header::CONTENT_TYPE;
use tokio::time::timeout;

use super::TransferError;
use super::remote::{PATIENCE, RemoteServer};
use crate::app;
use crate::config::Config;
use crate::domain::Share;
use crate::telemetry::with_causes;
use crate::whole_file::WholeFile;

/// The header of an export that says how many artifacts there were when it began.
const TOTAL: &str = "x-total-count";
/// What an export is sent as.
const NDJSON: &str = "application/x-ndjson";

/// Follows an export to standard output that broke off. It is no JSON, so that a reader does not take it for
/// whole.
const NO_END: &[u8] = b"\nthe export broke off here\n";

/// What is to be exported.
#[derive(Debug)]
pub struct Export<'a> {
    /// The workspace, by its id or its slug.
    pub workspace: &'a str,
    /// The file, which appears under its name when it is whole; without one, standard output.
    pub to: Option<&'a Path>,
    /// Whether a file that is there is replaced.
    pub force: bool,
    /// Whether what is in the trash is exported too.
    pub trash: bool,
}

/// How many artifacts were written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Exported {
    /// All, in a line each.
    pub artifacts: u64,
    /// Those that can't be read: their lines have no more than their ids.
    pub damaged: u64,
}

/// Writes all artifacts of a workspace. `passed` is called with how many were written so far.
pub async fn export(config: &Config, what: &Export<'_>, passed: impl FnMut(Share)) -> Result<Exported, app::Error> {
    if let Some(path) = what.to.filter(|path| path.exists() && !what.force) {
        return Err(app::Error::FileIsThere { path: path.to_owned() });
    }
    let remote = RemoteServer::new(config)?;
    let query = if what.trash { "?include_deleted=true" } else { "" };
    let path = format!("{}/export{query}", remote.artifacts(what.workspace).await?);
    let answer = remote.get(&path).await.map_err(|error| match error {
        TransferError::Problem { problem, .. } if problem.code == "workspace_not_found" => {
            remote.no_workspace(what.workspace)
        }
        other => other,
    })?;
    let content = answer.headers().get(CONTENT_TYPE).and_then(|content| content.to_str().ok());
    if content != Some(NDJSON) {
        return Err(remote.not_ours(content.unwrap_or("something unknown").to_owned()).into());
    }
    let begun = Begun { url: &remote.url, answer };
    Ok(match what.to {
        Some(path) => begun.into_file(path, passed).await,
        None => begun.into_standard_output(passed).await,
    }?)
}

/// An export that has begun to come.
pub(in crate::app) struct Begun<'a, B> {
    /// Where from.
    pub url: &'a str,
    /// The answer that has it.
    pub answer: Response<B>,
}

impl<B: Body<Data = Bytes, Error: Error + 'static> + Unpin> Begun<'_, B> {
    /// Writes it to a file, which appears under its name when it is whole.
    pub async fn into_file(self, path: &Path, passed: impl FnMut(Share)) -> Result<Exported, TransferError> {
        let failed = |error| TransferError::Write { to: path.display().to_string(), error };
        let (claim, file) = WholeFile::create(path).map_err(failed)?;
        let mut sink = BufWriter::new(file);
        let exported = self.copy(&mut sink, passed, failed).await?;
        let file: File = sink.into_inner().map_err(|error| failed(error.into_error()))?;
        file.sync_all().and_then(|()| claim.keep()).map_err(failed)?;
        Ok(exported)
    }

    /// Writes it to standard output.
    pub async fn into_standard_output(self, passed: impl FnMut(Share)) -> Result<Exported, TransferError> {
        let failed = |error| TransferError::Write { to: "to standard output".to_owned(), error };
        let mut sink = io::stdout();
        let copied = self.copy(&mut sink, passed, failed).await;
        if let Err(TransferError::Incomplete { .. }) = &copied {
            // Why it broke off matters more than that this can't be printed.
            drop(sink.write_all(NO_END).and_then(|()| sink.flush()));
        }
        match copied {
            // A reader that has seen enough is no failure.
            Err(TransferError::Write { error, .. }) if error.kind() == io::ErrorKind::BrokenPipe => {
                Ok(Exported::default())
            }
            other => other,
        }
    }

    /// Writes the lines as they come, and counts them.
    async fn copy(
        mut self,
        sink: &mut impl Write,
        mut passed: impl FnMut(Share),
        failed: impl Fn(io::Error) -> TransferError,
    ) -> Result<Exported, TransferError> {
        let incomplete = |cause| TransferError::Incomplete { url: self.url.to_owned(), cause };
        let total = self.answer.headers().get(TOTAL).and_then(|total| total.to_str().ok()?.parse().ok());
        let mut counted = Counted::default();
        loop {
            let frame = timeout(PATIENCE, self.answer.frame()).await;
            let frame = frame.map_err(|_| incomplete(format!("nothing came for {} s", PATIENCE.as_secs())))?;
            let Some(frame) = frame else { break };
            let frame = frame.map_err(|error| incomplete(with_causes(&error)))?;
            if let Some(bytes) = frame.data_ref() {
                sink.write_all(bytes).map_err(&failed)?;
                counted.take(bytes);
                passed(Share::new("artifacts exported", counted.exported.artifacts, total));
            }
        }
        sink.flush().map_err(failed)?;
        Ok(counted.exported)
    }
}

/// How the line of an artifact begins that can't be read.
const DAMAGED: &[u8] = b"{\"_damaged\":";

/// Lines that have come, in pieces of any size.
#[derive(Default)]
struct Counted {
    exported: Exported,
    /// The beginning of the current line, enough to recognise it.
    begun: Vec<u8>,
}

impl Counted {
    fn take(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let missing = DAMAGED.len() - self.begun.len();
            self.begun.extend(piece.iter().take(missing));
            if piece.ends_with(b"\n") {
                self.exported.artifacts += 1;
                self.exported.damaged += u64::from(self.begun == DAMAGED);
                self.begun.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_whatever_pieces_they_come_in() {
        let lines = b"{\"id\":1}\n{\"_damaged\":{\"id\":2}}\n\n{\"_damaged\":{}}\n{}\n";
        for size in 1..=lines.len() {
            let mut counted = Counted::default();
            lines.chunks(size).for_each(|piece| counted.take(piece));
            assert_eq!((counted.exported.artifacts, counted.exported.damaged), (5, 2), "in pieces of {size}");
        }
    }
}
