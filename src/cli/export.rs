//! `ghostworks export`: the artifacts of a workspace in one file.

use std::path::PathBuf;

use super::{
    Failure, print,
    progress::Progress,
    remote::{RemoteArgs, named, runtime},
};
use crate::{
    app::{self, Export, Exported},
    config::Sources,
};

#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub(super) struct Args {
    /// The workspace: its id or, with an access token, its slug
    workspace: String,
    /// Where the artifacts go, which appears there when it is whole; `-` is standard output
    file: PathBuf,
    /// Also what is in the trash. It is imported like everything else, not into the trash
    #[arg(long)]
    trash: bool,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    remote: RemoteArgs,
}

const HELP: &str = "\
The file has an artifact in each line, as JSON, oldest first. Reading them needs an API key
of the workspace with the scope artifacts:read, or the access token of a member. On standard
output, an export that breaks off ends in a line that is no JSON, so that nobody takes it for
whole.

\x1b[1;4mExamples:\x1b[0m
  ghostworks export 0199… acme.ndjson --server https://ghostworks.example.com --token-file acme.key
      Keep the artifacts of a workspace
  ghostworks export 0199… - --server https://old.example.com --token-file old.key |
    ghostworks import 01a0… - --server https://new.example.com --token-file new.key
      Copy them to another server";

/// Writes the artifacts.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let config = args.remote.load(sources)?;
    let what = Export { workspace: &args.workspace, to: named(&args.file), force: args.force, trash: args.trash };
    let runtime = runtime().map_err(Failure::Runtime)?;
    let Some(file) = what.to else {
        // The program that reads them knows better how far it is.
        return whole(runtime.block_on(app::export(&config, &what, |_| {}))?);
    };
    let mut progress = Progress::new();
    let exported = runtime.block_on(app::export(&config, &what, |share| progress.show(share)))?;
    drop(progress);
    print(&format!("{} artifacts are in {}.", exported.artifacts - exported.damaged, file.display()))?;
    whole(exported)
}

/// An export that lacks something is a failure, though everything else is there.
pub(super) fn whole(Exported { damaged, .. }: Exported) -> Result<(), Failure> {
    match damaged {
        0 => Ok(()),
        _ => Err(Failure::Damaged(format!(
            "{damaged} artifacts can't be read, and have a line with their id alone; `ghostworks check` says more about them"
        ))),
    }
}
