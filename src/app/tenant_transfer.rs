//! The artifacts of any workspace, out of the data directory and in, for the command line.

use std::path::Path;

use hyper::{Method, StatusCode};
use serde::Deserialize;

use super::Error;
use super::operator_api::Sent;
use super::transfer::{Begun, Exported, IMPORTED, Lines, TransferError, open_lines};
use super::workspaces::Workspaces;
use crate::domain::Share;

/// What came of an import by an operator.
#[derive(Debug, Default)]
pub struct TenantImport {
    /// Artifacts that were created.
    pub artifacts: u64,
    /// Lines that stand for artifacts that could not be read when they were exported.
    pub damaged: u64,
    /// Why it stopped before its end, and the number of the first line that was not imported.
    pub stopped: Option<(u64, String)>,
}

#[derive(Deserialize)]
struct PartReport {
    imported: u64,
    #[serde(default)]
    damaged: u64,
}

impl Workspaces<'_> {
    /// Writes all artifacts of one to a file, or to standard output. `passed` is called with how many were written so far.
    pub async fn export(
        &self,
        name: &str,
        to: Option<&Path>,
        trash: bool,
        passed: impl FnMut(Share),
    ) -> Result<Exported, Error> {
        let query = if trash { "?include_deleted=true" } else { "" };
        let path = self.path(name, &format!("/artifacts/export{query}")).await?;
        let answer = self.api().open_answer(Method::GET, &path, None).await?;
        if answer.status() != StatusCode::OK {
            return Err(self.api().refusal(answer).await);
        }
        let begun = Begun { url: "the data directory", answer };
        Ok(match to {
            Some(path) => begun.into_file(path, passed).await,
            None => begun.into_standard_output(passed).await,
        }?)
    }

    /// Creates an artifact in one for each line of a file, or of standard input, after the first `skipped` lines.
    pub async fn import(
        &self,
        name: &str,
        from: Option<&Path>,
        skipped: u64,
        mut passed: impl FnMut(Share),
    ) -> Result<TenantImport, Error> {
        let unreadable = |error| {
            let from = from.map_or_else(|| "standard input".to_owned(), |path| path.display().to_string());
            TransferError::Read { from, error }
        };
        let (source, total) = open_lines(from).map_err(unreadable)?;
        let path = self.path(name, "/artifacts/import").await?;
        let (mut lines, mut done) = (Lines::after(source, skipped).map_err(unreadable)?, TenantImport::default());
        while let Some(part) = lines.next_part().map_err(unreadable)? {
            let sent = Sent::lines(part.bytes.clone());
            match self.api().send::<PartReport>(Method::POST, &path, Some(sent)).await {
                Ok(report) => {
                    done.artifacts += report.imported;
                    done.damaged += report.damaged;
                    passed(Share::new(IMPORTED, skipped + done.artifacts, total));
                }
                Err(error) if done.artifacts == 0 => return Err(error),
                Err(error) => {
                    done.stopped = Some((part.first, error.to_string()));
                    break;
                }
            }
        }
        Ok(done)
    }
}
