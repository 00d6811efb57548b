//! The file of a secret: for its owner alone, and whole or as it was.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use secrecy::zeroize::Zeroizing;

use super::signing_key_error::SigningKeyError;

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

/// Puts a file in its place. Written under another name first, so that a crash never leaves half of it.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), SigningKeyError> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = Path::new(&draft);
    let write = || {
        // What is left of an earlier one may be readable by others.
        drop(fs::remove_file(draft));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(draft, path)?;
        path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
    };
    write().map_err(|error| SigningKeyError::Io { path: path.to_owned(), error })
}
