//! `ghostworks key`: the key that access tokens are signed with.

use clap::Subcommand;
use tokio::runtime::Builder;

use super::{Failure, print, print_json};
use crate::app;
use crate::config::{Config, Sources};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make another key that signs from now on; what the former one signed is good for as long as an access token lasts
    Rotate {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Carries out a command on the key.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let config = Config::load(sources)?;
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(Failure::Runtime)?;
    let Command::Rotate { json } = args.command;
    let rotated = runtime.block_on(app::rotate_key(&config))?;
    if json {
        return print_json(&rotated);
    }
    print(&format!("Another key signs from now on; the former one is believed until {}.", rotated.former_until))
}
