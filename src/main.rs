//! The `ghostworks` program.

use std::process::ExitCode;

use clap::Parser;
use ghostworks::cli::Cli;
use mimalloc::MiMalloc;
use rustix::fs::Mode;
use rustix::process::umask;

/// Requests allocate and free many small things on several threads, which it does faster than the system's allocator.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    // Whatever is written is for this user alone: databases, backups, keys.
    umask(Mode::RWXG | Mode::RWXO);
    Cli::parse().run()
}
