//! `ghostworks trace`: where the time of a request went.

use super::{
    Failure, print,
    remote::{RemoteArgs, runtime},
    traces,
    waterfall::drawn,
};
use crate::{app, config::Sources};

#[derive(Debug, clap::Args)]
#[command(after_long_help = traces::HELP)]
pub(super) struct Args {
    /// The trace: `ghostworks traces` lists them, and an answer has its own in `traceresponse`
    id: String,
    /// Print it as OTLP JSON, which Jaeger loads
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: RemoteArgs,
}

/// Draws it.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let config = args.remote.load(sources)?;
    let id: String = args.id.chars().filter(char::is_ascii_alphanumeric).collect();
    let path = format!("/api/v1/system/traces/{id}");
    let trace = runtime().map_err(Failure::Runtime)?.block_on(app::ask_operator(&config, &path))?;
    if args.json { print(&format!("{trace:#}")) } else { print(&drawn(&trace)) }
}
