//! `ghostworks key`: the key that access tokens are signed with.

use std::path::PathBuf;

use clap::Subcommand;
use tokio::runtime::Builder;

use super::{Failure, print, print_json};
use crate::app::{self, RotatedKey};
use crate::config::{Config, Sources};
use crate::domain::{Clock as _, SystemClock};

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
    /// Seal the signing keys that servers share (storage.url) with auth.signing_key, instead of the one that they had before
    Reseal {
        /// The file with the auth.signing_key from before
        #[arg(long, value_name = "FILE")]
        former_key_file: PathBuf,
    },
}

/// Carries out a command on the key.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let config = Config::load(sources)?;
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(Failure::Runtime)?;
    let json = match &args.command {
        Command::Rotate { json } => *json,
        Command::Reseal { former_key_file } => {
            runtime.block_on(app::reseal_keys(&config, former_key_file))?;
            return print("The signing keys are sealed with auth.signing_key from now on: start every server with it.");
        }
    };
    let rotated = runtime.block_on(app::rotate_key(&config))?;
    if json {
        return print_json(&rotated);
    }
    let RotatedKey { signs_from, former_until } = rotated;
    let from = if signs_from <= SystemClock.now() {
        "now on".to_owned()
    } else {
        format!("{signs_from:.0} on, on every server")
    };
    print(&format!("Another key signs from {from}; the former one is believed until {former_until}."))
}
