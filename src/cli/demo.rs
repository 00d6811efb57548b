//! `ghostworks demo`: something to look at.

use tokio::runtime::Builder;

use super::{Failure, print};
use crate::{
    app,
    config::{Config, Sources},
};

/// Fills the data directory, and says what there is to see.
pub(super) fn run(sources: &Sources) -> Result<(), Failure> {
    let config = Config::load(sources)?;
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(Failure::Runtime)?;
    let demo = runtime.block_on(app::fill_with_demo(&config))?;
    for (name, artifacts) in &demo.workspaces {
        print(&format!("{name} has {artifacts} artifacts."))?;
    }
    print(&demo.sign_in())
}
