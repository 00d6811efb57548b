//! What is done to a database as a whole while no server runs.

use super::{Error, store_options};
use crate::config::Config;
use crate::store::redb::{self, CheckReport};

/// Checks everything in the database; with `repair`, what is derived is rebuilt where it is wrong.
pub fn check(config: &Config, repair: bool) -> Result<CheckReport, Error> {
    let options = store_options(&config.storage);
    if !options.location.has_database() {
        return Err(Error::NoDatabase { path: config.storage.data_dir.clone() });
    }
    Ok(redb::check(&options, repair)?)
}
