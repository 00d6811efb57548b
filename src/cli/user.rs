//! `ghostworks user`: what an operator does to an account, while the server is stopped.

use clap::Subcommand;
use tokio::runtime::Builder;

use super::{Failure, print};
use crate::{
    app,
    config::{Config, Sources},
    domain::Email,
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Keep an account from signing in, and end all its sessions; the server must be stopped
    Disable {
        /// The account's e-mail address
        #[arg(value_parser = Email::parse)]
        email: Email,
    },
    /// Let an account sign in again; the server must be stopped
    Enable {
        /// The account's e-mail address
        #[arg(value_parser = Email::parse)]
        email: Email,
    },
}

/// Changes the account in the data directory.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let config = Config::load(sources)?;
    let (email, is_active, word) = match &args.command {
        Command::Disable { email } => (email, false, "disabled"),
        Command::Enable { email } => (email, true, "enabled"),
    };
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    let is_change = runtime.block_on(app::set_user_active(&config, email, is_active))?;
    let already = if is_change { "" } else { "already " };
    print(&format!("The account {} is {already}{word}.", email.as_str()))
}
