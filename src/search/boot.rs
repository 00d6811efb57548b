//! Whether the system is the one that the index was last opened under. What is written is not forced onto the disk, so it is
//! only certain to be there for as long as the system has not gone down.

use std::fs;
use std::io;
use std::path::Path;

/// The file in the index's directory that names the boot it was last opened under.
const FILE: &str = "boot";
/// What names the current one (proc_sys_kernel(5)).
const CURRENT: &str = "/proc/sys/kernel/random/boot_id";

/// Whether it is still the same. Where boots have no name, it never is.
pub(super) fn is_the_same(directory: &Path) -> bool {
    matches!((fs::read(directory.join(FILE)), fs::read(CURRENT)), (Ok(noted), Ok(current)) if noted == current)
}

/// Notes the current one.
pub(super) fn note(directory: &Path) -> io::Result<()> {
    fs::write(directory.join(FILE), fs::read(CURRENT).unwrap_or_default())
}
