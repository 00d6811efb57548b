//! `ghostworks config`: check the configuration, or show what it amounts to.

use clap::Subcommand;

use super::{Failure, print};
use crate::config::{Effective, Sources};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say whether the configuration can be used
    Check,
    /// Print every setting that holds, as TOML, with where it comes from; secrets are masked
    Show,
}

/// Loads the configuration and prints it.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let effective = Effective::load(sources)?;
    match args.command {
        Command::Check => print("The configuration is ok."),
        Command::Show => print(&effective.to_toml()),
    }
}
