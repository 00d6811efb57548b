//! The artifacts of any workspace, out of the data directory and in.

use std::path::PathBuf;

use serde_json::json;

use crate::app::{self, TenantImport, Workspaces};
use crate::cli::export::whole;
use crate::cli::progress::Progress;
use crate::cli::remote::named;
use crate::cli::{Failure, print, print_json};

#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// The workspace: its slug or its id
    workspace: String,
    /// Where the artifacts go, which appears there when it is whole; `-` is standard output
    file: PathBuf,
    /// Also what is in the trash
    #[arg(long)]
    trash: bool,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Import {
    /// The workspace: its slug or its id
    workspace: String,
    /// The artifacts, one a line as JSON; `-` is standard input
    file: PathBuf,
    /// Skip this many lines at the beginning: those that were imported before
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    skip: u64,
}

/// Writes the artifacts.
pub(super) async fn export(args: &Export, workspaces: &Workspaces<'_>) -> Result<(), Failure> {
    let (name, to) = (&args.workspace, named(&args.file));
    if let Some(path) = to.filter(|path| path.exists() && !args.force) {
        return Err(app::Error::FileIsThere { path: path.to_owned() }.into());
    }
    let Some(file) = to else {
        // The program that reads them knows better how far it is.
        return whole(workspaces.export(name, None, args.trash, |_| {}).await?);
    };
    let mut progress = Progress::new();
    let exported = workspaces.export(name, Some(file), args.trash, |share| progress.show(share)).await?;
    drop(progress);
    print(&format!("{} artifacts are in {}.", exported.artifacts - exported.damaged, file.display()))?;
    whole(exported)
}

/// Creates the artifacts. Where it stops, the rest can be imported later.
pub(super) async fn import(args: &Import, workspaces: &Workspaces<'_>, as_json: bool) -> Result<(), Failure> {
    let mut progress = Progress::new();
    let done = workspaces.import(&args.workspace, named(&args.file), args.skip, |share| progress.show(share));
    let TenantImport { artifacts, damaged, stopped } = done.await?;
    drop(progress);
    if damaged > 0 {
        anstream::eprintln!("{damaged} lines stand for artifacts that could not be read when they were exported.");
    }
    if let Some((line, why)) = stopped {
        let before = line - 1;
        return Err(Failure::NotImported(format!(
            "{why}; {artifacts} artifacts before line {line} were imported: mend that, and go on with --skip {before}"
        )));
    }
    if as_json {
        print_json(&json!({"imported": artifacts}))
    } else {
        print(&format!("{artifacts} artifacts were imported."))
    }
}
