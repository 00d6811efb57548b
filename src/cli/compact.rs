//! `ghostworks compact`: the database's file made smaller, while the server is stopped.

use tokio::runtime::Builder;

use super::{Failure, print};
use crate::{
    app,
    config::{Config, Sources},
};

/// Gives room that the database does not use back to the disk.
pub(super) fn run(sources: &Sources) -> Result<(), Failure> {
    let config = Config::load(sources)?;
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    let done = runtime.block_on(app::compact(&config))?;
    let mebibytes = |bytes: u64| bytes.div_ceil(1 << 20);
    print(&format!("The database had {} MiB and has {} MiB now.", mebibytes(done.before), mebibytes(done.after)))
}
