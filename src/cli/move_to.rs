//! `ghostworks move`: everything of the database here into a PostgreSQL.

use std::{fs, path::PathBuf};

use clap::builder::styling::{AnsiColor, Style};
use secrecy::SecretString;
use tokio::runtime::Builder;

use super::{Failure, print, progress::Progress};
use crate::{
    app,
    config::{Config, Sources},
};

const WARNING: Style = AnsiColor::Yellow.on_default();

#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub(super) struct Args {
    /// The other database: postgres://user@host:5432/name?sslmode=verify-full
    #[arg(long, value_name = "URL", required_unless_present = "to_file")]
    to: Option<String>,
    /// Read the address from this file, so that a password in it is on no command line
    #[arg(long, value_name = "FILE", conflicts_with = "to")]
    to_file: Option<PathBuf>,
    /// Replace what another ghostworks has in that database
    #[arg(long)]
    force: bool,
}

const HELP: &str = "\
The server must be stopped, or read-only (`ghostworks read-only on`). Nothing is changed here: the
database in the data directory stays as it is. Everything is copied in one transaction, and then
compared. Ids, sessions, API keys and histories stay; entity tags and cursors are new.

Afterwards, set storage.url to the same address and start the server again. The way back is
`ghostworks backup` with storage.url, and `ghostworks restore` without.

\x1b[1;4mExample:\x1b[0m
  ghostworks move --to-file /run/secrets/storage-url
      Move what is in ./data";

/// Moves everything over.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let config = Config::load(sources)?;
    let url = match (&args.to, &args.to_file) {
        (_, Some(path)) => {
            fs::read_to_string(path).map_err(|error| app::Error::Address { path: path.clone(), error })?
        }
        (to, None) => to.clone().unwrap_or_default(),
    };
    let url = SecretString::from(url.trim());
    let mut progress = Progress::new();
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(Failure::Runtime)?;
    let moved = runtime.block_on(app::move_to(&config, &url, args.force, |share| progress.show(share)));
    drop(progress);
    let app::MovedOver { rows, damaged, database } = moved?;
    if damaged > 0 {
        anstream::eprintln!(
            "{WARNING}{damaged} of the rows can't be read, here as there{WARNING:#}; `ghostworks check` finds them."
        );
    }
    print(&format!(
        "{rows} rows are in {database}, as here. Set storage.url to its address and start the server again; the signing key \
         stays in {}.",
        config.storage.data_dir.display()
    ))
}
