//! `ghostworks migrate`: the database brought up to date with this version, or what that would be.

use super::{Failure, print};
use crate::{
    app,
    config::{Config, Sources},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only say what is to be done. Make a backup before you do it: an older version can't read what came of it
    #[arg(long)]
    dry_run: bool,
}

/// Prints the steps, and takes them unless asked not to.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let config = Config::load(sources)?;
    let schema = app::migrate(&config, args.dry_run)?;
    let Some((known, _)) = schema.steps.last() else {
        return print(&format!("The database has schema {}, as this version: there is nothing to do.", schema.found));
    };
    let word = if args.dry_run { "Still to be done" } else { "Now done" };
    let mut text = format!("The database had schema {}, and this version has {known}. {word}:\n", schema.found);
    for (version, what) in &schema.steps {
        text += &format!("  {version}: {what}\n");
    }
    print(&text)
}
