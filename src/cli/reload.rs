//! `ghostworks reload` and `ghostworks log-level`: change how a running server works.

use tokio::runtime::Builder;

use super::{Failure, print, print_json};
use crate::{
    app::{self, Reloaded},
    config::{Config, LogLevel, Sources},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct LevelArgs {
    /// The least important lines that are written, until the configuration is read again; without it, the one that holds is
    /// printed
    level: Option<Level>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// Has the server that uses the data directory read its configuration again, and prints what changed.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let config = Config::load(sources)?;
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    let reloaded = runtime.block_on(app::reload(&config))?;
    if args.json { print_json(&reloaded) } else { print(&text(&reloaded)) }
}

/// Sets or prints the level of the log.
pub(super) fn run_level(args: &LevelArgs, sources: &Sources) -> Result<(), Failure> {
    let config = Config::load(sources)?;
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    let wanted = args.level.map(LogLevel::from);
    let level = runtime.block_on(app::log_level(&config, wanted))?;
    print(&match wanted {
        Some(_) => format!("Lines are logged from {} on, until the configuration is read again.", level.as_str()),
        None => level.as_str().to_owned(),
    })
}

fn text(Reloaded { changed, needs_restart, pinned }: &Reloaded) -> String {
    let mut text = match changed.as_slice() {
        [] => "Nothing has changed.\n".to_owned(),
        changed => format!("Changed: {}.\n", changed.join(", ")),
    };
    if !needs_restart.is_empty() {
        text += &format!("Different, but takes a restart: {}.\n", needs_restart.join(", "));
    }
    for setting in pinned {
        text += &format!("Without effect: {}, for {} is stronger than the file.\n", setting.key, setting.by);
    }
    text
}

impl From<Level> for LogLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::Error,
            Level::Warn => Self::Warn,
            Level::Info => Self::Info,
            Level::Debug => Self::Debug,
            Level::Trace => Self::Trace,
        }
    }
}
