//! The file of a secret: for its owner alone, and whole or as it was.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use secrecy::zeroize::Zeroizing;

use super::signing_key_error::SigningKeyError;
use crate::whole_file;

/// What is in a file that nobody but its owner can read; none if there is no file.
pub(super) fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, SigningKeyError> {
    let failed = |error| SigningKeyError::Io { path: path.to_owned(), error };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mode = file.metadata().map_err(failed)?.permissions().mode();
    let mut bytes = Zeroizing::new(Vec::new());
    file.read_to_end(&mut bytes).map_err(failed)?;
    if mode & 0o077 != 0 {
        return Err(SigningKeyError::Exposed { path: path.to_owned(), mode: mode & 0o777 });
    }
    Ok(Some(bytes))
}

/// Puts a file in its place.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), SigningKeyError> {
    whole_file::write(path, bytes).map_err(|error| SigningKeyError::Io { path: path.to_owned(), error })
}
