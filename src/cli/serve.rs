//! `ghostworks serve`: the server itself.

use tokio::runtime::Builder;

use super::Failure;
use crate::{
    app,
    config::{Effective, Sources},
};

#[derive(Debug, Default, clap::Args)]
pub(super) struct Args {
    /// Begin with an empty database although the one that was there is missing
    #[arg(long)]
    new: bool,
}

/// Serves until asked to stop.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let effective = Effective::load(sources)?;
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(Failure::Runtime)?;
    let served = runtime.block_on(app::serve(effective, sources.clone(), args.new));
    // Everything that matters is closed by now; a stuck blocking task must not hold up the end.
    runtime.shutdown_background();
    Ok(served?)
}
