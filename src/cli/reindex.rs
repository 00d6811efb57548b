//! `ghostworks reindex`: the search index rebuilt.

use tokio::runtime::Builder;

use super::{Failure, print, progress::Progress};
use crate::{
    app,
    config::{Config, Sources},
};

/// Rebuilds the index from all artifacts in the database.
pub(super) fn run(sources: &Sources) -> Result<(), Failure> {
    let config = Config::load(sources)?;
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(Failure::Runtime)?;
    let mut progress = Progress::new();
    let artifacts = runtime.block_on(app::reindex(&config, |share| progress.show(share)))?;
    drop(progress);
    print(&format!("{artifacts} artifacts are in the search index."))
}
