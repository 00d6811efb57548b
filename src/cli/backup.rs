//! `ghostworks backup`: everything in the database in one file, while the server is stopped.

use std::path::PathBuf;

use super::{Failure, print, progress::Progress};
use crate::{
    app,
    config::{Config, Sources},
};

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
    let mut progress = Progress::new("written");
    let rows = app::backup(&config, &args.file, args.force, |rows| progress.show(rows))?;
    drop(progress);
    print(&format!("{rows} rows are in {}. The signing key is not: keep it elsewhere.", args.file.display()))
}
