//! What makes a data directory an installation: a file with a random id, made after the database and never in a backup.

use std::fs;
use std::io;
use std::path::Path;

use super::{Error, SEARCH_DIR};
use crate::domain::{InstallationId, SystemEntropy};
use crate::store::redb::Location;
use crate::whole_file;

/// The file in the data directory.
const FILE: &str = "installation";

/// Refuses a directory that had a database and has lost it: a new one is made only where that is meant.
pub(super) fn require_database(data_dir: &Path) -> Result<(), Error> {
    let location = Location::Directory(data_dir.to_owned());
    let left = [FILE, SEARCH_DIR].into_iter().map(|name| data_dir.join(name)).find(|path| path.exists());
    match left {
        Some(left) if !location.has_database() => Err(Error::LostDatabase { database: location.path(), left }),
        Some(_) | None => Ok(()),
    }
}

/// The id of the installation in a directory whose database is there: the one it has, or else a new one.
pub(super) fn identify(data_dir: &Path) -> Result<InstallationId, Error> {
    known(data_dir)?.map_or_else(|| make(data_dir), Ok)
}

/// The id of the installation in a directory, if it has one.
pub(super) fn known(data_dir: &Path) -> Result<Option<InstallationId>, Error> {
    let path = data_dir.join(FILE);
    let failed = |error| Error::Installation { path: path.clone(), error };
    match fs::read_to_string(&path) {
        Ok(text) => text.trim().parse().map(Some).map_err(|()| failed(io::Error::other("it has no id in it"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

fn make(data_dir: &Path) -> Result<InstallationId, Error> {
    let id = InstallationId::random(&SystemEntropy);
    let path = data_dir.join(FILE);
    whole_file::write(&path, format!("{id}\n").as_bytes())
        .map(|()| id)
        .map_err(|error| Error::Installation { path, error })
}
