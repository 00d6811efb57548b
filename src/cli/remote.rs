//! Which server a command asks, and with what.

use std::{
    io,
    path::{Path, PathBuf},
};

use tokio::runtime::{Builder, Runtime};

use crate::config::{Config, ConfigError, Sources};

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Server")]
pub(super) struct RemoteArgs {
    /// Ask the server at this URL [env: GHOSTWORKS__REMOTE__URL] [default: the configured port of this machine]
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Read the API key or access token from this file, instead of GHOSTWORKS__REMOTE__TOKEN
    /// [env: GHOSTWORKS__REMOTE__TOKEN_FILE]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl RemoteArgs {
    /// The configuration with what these flags say.
    pub fn load(&self, sources: &Sources) -> Result<Config, ConfigError> {
        let (server, token_file) = (self.server.clone(), self.token_file.clone());
        Config::load(&Sources { server, token_file, ..sources.clone() })
    }
}

/// A runtime whose connections go on while the command reads or writes a file.
pub(super) fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(1).enable_all().build()
}

/// The file that was named, or none for standard input or output.
pub(super) fn named(file: &Path) -> Option<&Path> {
    (file != Path::new("-")).then_some(file)
}
