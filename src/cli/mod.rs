//! The command line: a file per subcommand, and what they share.
//!
//! Knows how to ask the rest of the program for something and how to print the answer; does nothing of the business.

mod backup;
mod backups;
mod check;
mod compact;
mod config;
mod confirm;
mod demo;
mod export;
mod healthcheck;
mod help;
mod import;
mod key;
mod manual;
mod migrate;
mod migrate_from;
mod moment;
mod move_to;
mod openapi;
mod progress;
mod read_only;
mod reindex;
mod reload;
mod remote;
mod restore;
mod serve;
mod stats;
mod table;
mod trace;
mod traces;
mod user;
mod waterfall;
mod workspace;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    sync::LazyLock,
};

use clap::{
    Args, Parser, Subcommand,
    builder::styling::{AnsiColor, Style},
};
use serde::Serialize;
use thiserror::Error;

use crate::{
    app,
    config::{ConfigError, Listen, Sources},
};

/// When a server that can't be asked uses the data directory.
const IN_USE: u8 = 3;
/// When something is damaged.
const DAMAGE_FOUND: u8 = 4;
/// When it is done, but for some of it.
const LEFT_BEHIND: u8 = 5;

/// The version, and the commit that it was built from where that is known.
static VERSION: LazyLock<String> = LazyLock::new(|| match option_env!("GHOSTWORKS_COMMIT") {
    Some(commit) if commit != "unknown" => format!("{} ({commit})", env!("CARGO_PKG_VERSION")),
    Some(_) | None => env!("CARGO_PKG_VERSION").to_owned(),
});

/// A multi-tenant artifact catalog in one binary.
///
/// Accounts, workspaces and artifacts over HTTP, with an OpenAPI document, traces and metrics; the data is in one
/// directory, and no other service is needed. Without a command, it serves.
#[derive(Debug, Parser)]
#[command(version = VERSION.as_str(), after_long_help = help::MORE)]
pub struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What can be asked of the program.
#[derive(Debug, Subcommand)]
enum Command {
    /// Serve until asked to stop by SIGTERM or Ctrl-C; what happens without a command
    Serve(serve::Args),
    /// Check the configuration, or show what it amounts to
    Config(config::Args),
    /// Fill the data directory with two workspaces to look at; the server must be stopped
    Demo,
    /// Write everything in the database to a file; a running server is asked to, and needs server.operator_token
    Backup(backup::Args),
    /// Show, verify, clear or take over the backups that a server makes by itself
    Backups(backups::Args),
    /// Make the database in the data directory from a backup, or as it was at a moment; the server must be stopped
    Restore(restore::Args),
    /// Write the artifacts of a workspace of a running server to a file, for `import`
    Export(export::Args),
    /// Create artifacts in a workspace of a running server, from a file that `export` wrote
    Import(import::Args),
    /// Check that everything in the database agrees
    Check(check::Args),
    /// Bring the database up to date with this version, as the server does when it starts; the server must be stopped
    Migrate(migrate::Args),
    /// Take over the accounts, workspaces and artifacts of the older service from its PostgreSQL; the server must be stopped
    MigrateFrom(migrate_from::Args),
    /// Move everything into a PostgreSQL, for several servers before it; the server must be stopped or read-only
    Move(move_to::Args),
    /// Show what takes up space, by table and by workspace
    Stats(stats::Args),
    /// Have a running server read its configuration again; what can't change without a restart is said
    Reload(reload::Args),
    /// Show or set the level of the log of a running server
    LogLevel(reload::LevelArgs),
    /// Change the key that access tokens are signed with, and keep those that are signed good
    Key(key::Args),
    /// Have a running server refuse writes, or take them; reading goes on
    ReadOnly(read_only::Args),
    /// List the last requests of a running server, for its operator
    Traces(traces::Args),
    /// Show where the time of a request went, for the operator of a running server
    Trace(trace::Args),
    /// Give room that the database does not use back to the disk; the server must be stopped
    Compact,
    /// Rebuild the search index; a server rebuilds one that is missing or damaged by itself
    Reindex,
    /// Print the OpenAPI document
    Openapi(openapi::Args),
    /// List, make, change and export accounts, and say which may operate the server
    User(user::Args),
    /// List workspaces and what they take up, suspend, resume, delete, export and import them, and set their quotas
    Workspace(workspace::Args),
    /// Ask a running server whether it is ready: exit code 0 if so, else 1
    Healthcheck(healthcheck::Args),
    /// Print what completes these commands in a shell: bash, elvish, fish, powershell or zsh
    Completions(manual::Args),
    /// Print the manual page, for `man -l -`
    Man,
}

/// The settings that have a flag. They are stronger than the environment and the file.
#[derive(Debug, Args)]
#[command(next_help_heading = "Configuration")]
struct Settings {
    /// Read the configuration from this file [env: GHOSTWORKS_CONFIG]
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Listen on this address and port, unix:PATH or systemd; port 0 takes any free one [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDR", global = true)]
    listen: Option<Listen>,
    /// Keep everything in this directory [default: ./data]
    #[arg(long, value_name = "DIR", global = true)]
    data_dir: Option<PathBuf>,
}

/// Why a command failed, in one line that says what to do.
#[derive(Debug, Error)]
enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    App(#[from] app::Error),
    #[error("{0}")]
    NotReady(String),
    #[error("{0}")]
    NotImported(String),
    #[error("{0}")]
    LeftBehind(String),
    #[error("{0}")]
    NoAddress(String),
    #[error("{0}")]
    Unverified(String),
    #[error("{0}")]
    NoPassword(String),
    #[error("{0}")]
    NotConfirmed(&'static str),
    #[error("{0}")]
    TermsNotAccepted(String),
    #[error("can't read from standard input: {0}")]
    Input(io::Error),
    #[error("the database is damaged: {0}")]
    Damaged(String),
    #[error("can't make a temporary directory for the demonstration: {0}")]
    ThrowAway(io::Error),
    #[error("can't start the runtime: {0}")]
    Runtime(io::Error),
    #[error("can't write to standard output: {0}")]
    Output(io::Error),
}

impl Failure {
    /// What scripts can decide by.
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::App(error) if error.is_in_use() => IN_USE.into(),
            Self::Damaged(_) | Self::Unverified(_) => DAMAGE_FOUND.into(),
            Self::LeftBehind(_) => LEFT_BEHIND.into(),
            _ => ExitCode::FAILURE,
        }
    }
}

impl Cli {
    /// Does what was asked, reports a failure on standard error, and returns the exit code.
    pub fn run(self) -> ExitCode {
        let sources = self.settings.into_sources();
        let done = match self.command {
            None => serve::run(&serve::Args::default(), &sources),
            Some(Command::Serve(args)) => serve::run(&args, &sources),
            Some(Command::Config(args)) => config::run(&args, &sources),
            Some(Command::Backup(args)) => backup::run(&args, &sources),
            Some(Command::Backups(args)) => backups::run(&args, &sources),
            Some(Command::Restore(args)) => restore::run(&args, &sources),
            Some(Command::Export(args)) => export::run(&args, &sources),
            Some(Command::Import(args)) => import::run(&args, &sources),
            Some(Command::Check(args)) => check::run(&args, &sources),
            Some(Command::Migrate(args)) => migrate::run(&args, &sources),
            Some(Command::MigrateFrom(args)) => migrate_from::run(&args, &sources),
            Some(Command::Stats(args)) => stats::run(&args, &sources),
            Some(Command::Reload(args)) => reload::run(&args, &sources),
            Some(Command::LogLevel(args)) => reload::run_level(&args, &sources),
            Some(Command::Key(args)) => key::run(&args, &sources),
            Some(Command::ReadOnly(args)) => read_only::run(&args, &sources),
            Some(Command::Traces(args)) => traces::run(&args, &sources),
            Some(Command::Trace(args)) => trace::run(&args, &sources),
            Some(Command::Compact) => compact::run(&sources),
            Some(Command::Move(args)) => move_to::run(&args, &sources),
            Some(Command::Reindex) => reindex::run(&sources),
            Some(Command::Demo) => demo::run(&sources),
            Some(Command::Openapi(args)) => openapi::run(&args),
            Some(Command::User(args)) => user::run(&args, &sources),
            Some(Command::Workspace(args)) => workspace::run(&args, &sources),
            Some(Command::Healthcheck(args)) => healthcheck::run(args, &sources),
            Some(Command::Completions(args)) => manual::completions(&args),
            Some(Command::Man) => manual::man(),
        };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                const NAME: Style = AnsiColor::Red.on_default().bold();
                anstream::eprintln!("{NAME}ghostworks:{NAME:#} {failure}");
                failure.exit_code()
            }
        }
    }
}

impl Settings {
    fn into_sources(self) -> Sources {
        Sources { file: self.config, listen: self.listen, data_dir: self.data_dir, ..Sources::default() }
    }
}

/// Prints a value as JSON, indented.
fn print_json(value: &(impl Serialize + ?Sized)) -> Result<(), Failure> {
    print(&serde_json::to_string_pretty(value).unwrap_or_default())
}

/// Writes bytes to standard output as they are.
fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    written(output.write_all(bytes).and_then(|()| output.flush()))
}

/// Writes `text` and a line's end to standard output.
fn print(text: &str) -> Result<(), Failure> {
    let mut output = anstream::stdout().lock();
    written(writeln!(output, "{}", text.trim_end()).and_then(|()| output.flush()))
}

/// A reader that has seen enough is no failure.
fn written(output: io::Result<()>) -> Result<(), Failure> {
    match output {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Output(error)),
        _ => Ok(()),
    }
}
