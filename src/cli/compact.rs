//! `ghostworks compact`: the database's file made smaller, while the server is stopped.

use super::{Failure, print};
use crate::{
    app,
    config::{Config, Sources},
};

/// Gives room that the database does not use back to the disk.
pub(super) fn run(sources: &Sources) -> Result<(), Failure> {
    let config = Config::load(sources)?;
    let done = app::compact(&config)?;
    print(&format!("The database had {} and has {} now.", mebibytes(done.before), mebibytes(done.after)))
}

fn mebibytes(bytes: u64) -> String {
    const TENTH: u64 = (1 << 20) / 10;
    let tenths = bytes.div_ceil(TENTH);
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}
