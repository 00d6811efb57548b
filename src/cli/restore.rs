//! `ghostworks restore`: a database made from a backup, while the server is stopped.

use std::path::PathBuf;

use super::{Failure, print, progress::Progress};
use crate::{
    app,
    config::{Config, Sources},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The backup; it is read once before anything is changed
    file: PathBuf,
    /// Replace the database that is in the data directory
    #[arg(long)]
    force: bool,
}

/// Restores the backup into the data directory.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let config = Config::load(sources)?;
    let mut progress = Progress::new("restored");
    let rows = app::restore(&config, &args.file, args.force, |rows| progress.show(rows))?;
    drop(progress);
    print(&format!("{rows} rows were restored to {}.", config.storage.data_dir.display()))
}
