//! `ghostworks backup`: everything in the database in one file.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Style};
use tokio::runtime::Builder;

use super::{Failure, print, progress::Progress};
use crate::{
    app,
    config::{Config, Sources},
    store::backup::Copied,
};

const WARNING: Style = AnsiColor::Yellow.on_default();

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where the backup goes; it appears there when it is whole
    file: PathBuf,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
}

/// Writes the backup of the data directory.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let config = Config::load(sources)?;
    let mut progress = Progress::new();
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    let backup = app::backup(&config, &args.file, args.force, |share| progress.show(share));
    let Copied { rows, damaged } = runtime.block_on(backup)?;
    drop(progress);
    if damaged > 0 {
        anstream::eprintln!(
            "{WARNING}{damaged} of the rows can't be read and are in it as they are in the database{WARNING:#}; \
             `ghostworks check` finds them."
        );
    }
    print(&format!("{rows} rows are in {}. The signing key is not: keep it elsewhere.", args.file.display()))
}
