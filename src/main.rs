//! The `ghostworks` program.

use std::process::ExitCode;

use clap::Parser;
use ghostworks::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().run()
}
