//! The data directory, which is for the user that the server runs as and for nobody else.

use std::fs::{self, DirBuilder, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::{Access, access};
use rustix::io::Errno;
use rustix::process::geteuid;

use super::Error;

/// What others may do, in the bits of a mode.
const OF_OTHERS: u32 = 0o077;
/// The bit of a directory that several users share, such as `/tmp`.
const SHARED: u32 = 0o1000;

/// Makes the directory if it is not there, and makes it accessible to its owner only, even if it was there before. One that
/// several users share, or that another user owns and this one can write, stays as it is and is reported.
pub(super) fn make(path: &Path) -> Result<(), Error> {
    let failed = |error| Error::DataDir { path: path.to_owned(), error };
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
    let directory = fs::metadata(path).map_err(failed)?;
    let (owner, own) = (directory.uid(), geteuid().as_raw());
    if owner != own && access(path, Access::WRITE_OK | Access::EXEC_OK) == Err(Errno::ACCESS) {
        return Err(Error::OthersDataDir { path: path.to_owned(), owner, own });
    }
    if directory.mode() & OF_OTHERS == 0 {
        return Ok(());
    }
    if let Err(error) = take_from_others(path, &directory) {
        let path = path.display();
        tracing::warn!(%error, "others may read the data directory {path}; give the server one of its own, with mode 700");
    }
    Ok(())
}

fn take_from_others(path: &Path, directory: &Metadata) -> io::Result<()> {
    if directory.mode() & SHARED != 0 {
        return Err(io::Error::other("several users share it"));
    }
    let owner = directory.uid();
    if owner != geteuid().as_raw() {
        return Err(io::Error::other(format!("it belongs to user {owner}, and its mode is left alone")));
    }
    fs::set_permissions(path, Permissions::from_mode(directory.mode() & !OF_OTHERS))
}
