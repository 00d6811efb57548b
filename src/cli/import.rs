//! `ghostworks import`: artifacts from a file into a workspace.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Style};

use super::{
    Failure, print,
    progress::Progress,
    remote::{RemoteArgs, named, runtime},
};
use crate::{
    app::{self, Import, Imported, Refused},
    config::Sources,
};

#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub(super) struct Args {
    /// The workspace: its id or, with an access token, its slug
    workspace: String,
    /// The artifacts, one a line as JSON; `-` is standard input
    file: PathBuf,
    /// Call this import so: what was imported from the same lines under another name, or none, is imported once more
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    run: String,
    #[command(flatten)]
    remote: RemoteArgs,
}

const HELP: &str = "\
Each line makes a new artifact with the name, description, tags, metadata and type that it has; its
id and its history are its own. This needs an API key of the workspace with the scope
artifacts:write, or the access token of a member.

Lines are imported in order, up to 1000 at once. At the first that the server refuses, it stops and
prints the numbers of the refused lines, and the reasons; nothing of what was sent along with them is
there. Mend them, or take them out, and import the file again: what was imported is not imported
twice. The same holds after any other break, for the same lines sent with the same API key, or with
access tokens of the same account, within a day unless the server is configured otherwise.

\x1b[1;4mExample:\x1b[0m
  GHOSTWORKS__REMOTE__TOKEN=gwk_… ghostworks import 01a0… acme.ndjson
      Create an artifact for each line of a file, on the server of this machine";

/// Sends the artifacts. A line that was refused is a failure.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let config = args.remote.load(sources)?;
    let what = Import { workspace: &args.workspace, from: named(&args.file), run: &args.run };
    let runtime = runtime().map_err(Failure::Runtime)?;
    let mut progress = Progress::new();
    let imported = runtime.block_on(app::import(&config, &what, |share| progress.show(share)))?;
    drop(progress);
    if imported.damaged > 0 {
        let damaged = imported.damaged;
        anstream::eprintln!("{damaged} lines stand for artifacts that could not be read when they were exported.");
    }
    match &imported.refused {
        None => print(&summary(&imported)),
        Some(refused) => {
            tell_lines(refused);
            let Refused { first, last, .. } = refused;
            let which = if first == last { format!("line {first}") } else { format!("lines {first} to {last}") };
            let there = imported.artifacts + imported.before;
            Err(Failure::NotImported(format!(
                "nothing of {which} was imported, {there} artifacts before them were; mend the refused \
                 lines, and import the file again"
            )))
        }
    }
}

fn summary(imported: &Imported) -> String {
    let Imported { artifacts, before, .. } = imported;
    match before {
        0 => format!("{artifacts} artifacts were imported."),
        _ => format!(
            "{artifacts} artifacts were imported; {before} had been before, from the same lines, and with another \
             --run would be once more."
        ),
    }
}

/// Says of each refused line why, on standard error.
fn tell_lines(refused: &Refused) {
    const PLACE: Style = AnsiColor::Yellow.on_default();
    for line in &refused.lines {
        let comma = if line.field.is_empty() { "" } else { ", " };
        anstream::eprintln!("{PLACE}line {}{comma}{}:{PLACE:#} {}", line.number, line.field, line.reason);
    }
}
