//! The `ghostworks` program.

use std::process::ExitCode;

use clap::Parser;
use ghostworks::cli::Cli;
use mimalloc::MiMalloc;

/// Requests allocate and free many small things on several threads, which it does faster than the system's allocator.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    Cli::parse().run()
}
