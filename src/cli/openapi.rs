//! `ghostworks openapi`: the OpenAPI document.

use clap::ValueEnum;

use super::{Failure, print};
use crate::http;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How the document is written
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Json,
    Yaml,
}

/// Prints the document.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    print(&match args.format {
        Format::Json => http::openapi_json(),
        Format::Yaml => http::openapi_yaml(),
    })
}
