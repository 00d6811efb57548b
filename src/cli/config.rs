//! `ghostworks config`: check the configuration, or show what it amounts to.

use clap::Subcommand;
use tokio::runtime::Builder;

use super::{Failure, print};
use crate::app::{self, SettingInForce};
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
    /// Print every setting that holds, as TOML, with where it comes from; secrets are masked. A running server is asked what
    /// it has in force
    Show,
}

/// Loads the configuration, and says that it will do, or prints it: as the server that uses the data directory has it in force,
/// if there is one.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let effective = Effective::load(sources)?;
    match args.command {
        Command::Check => print("The configuration is ok."),
        Command::Show => {
            let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
            let in_force = runtime.block_on(app::settings_in_force(effective.config()))?;
            print(&in_force.map_or_else(|| effective.to_toml(), |settings| as_toml(&settings)))
        }
    }
}

/// Settings in the order of their sections, each with where it comes from.
fn as_toml(settings: &[SettingInForce]) -> String {
    let (mut text, mut section) = (String::new(), "");
    for SettingInForce { key, value, origin } in settings {
        let (of, name) = key.rsplit_once('.').unwrap_or(("", key));
        if of != section {
            text += &format!("\n[{of}]\n");
            section = of;
        }
        text += &format!("{name} = {value}  # {origin}\n");
    }
    text
}
