//! `ghostworks read-only`: have a running server refuse writes for a while.

use tokio::runtime::Builder;

use super::{Failure, print};
use crate::app;
use crate::config::{Config, Sources};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Whether writes are refused; without it, or with `status`, it is printed which holds
    #[arg(value_enum, default_value_t = Wanted::Status)]
    wanted: Wanted,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Wanted {
    /// Refuse writes until `off`, or until the server starts again
    On,
    /// Take writes
    Off,
    /// Print whether writes are refused: on or off
    Status,
}

/// Sets or prints whether the server that uses the data directory refuses writes.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let config = Config::load(sources)?;
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    let wanted = match args.wanted {
        Wanted::On => Some(true),
        Wanted::Off => Some(false),
        Wanted::Status => None,
    };
    let is_on = runtime.block_on(app::read_only(&config, wanted))?;
    print(match (wanted, is_on) {
        (Some(true), _) => "Writes are refused until `ghostworks read-only off`; reading works.",
        (Some(false), _) => "Writes are taken.",
        (None, true) => "on",
        (None, false) => "off",
    })
}
