//! Why there is no signing key.

use std::path::PathBuf;

use thiserror::Error;

/// The length of a key that was made here, in bytes.
pub(super) const KEY_LEN: usize = 32;

/// Why there is no signing key.
#[derive(Debug, Error)]
pub enum SigningKeyError {
    /// The file is there but can't be read, or is not there and can't be made.
    #[error(
        "can't use the signing key {path}: {error}; make the directory writable for this user, or set auth.signing_key"
    )]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The file has another length than it was written with.
    #[error(
        "the signing key {path} is damaged ({len} bytes instead of {KEY_LEN}); restore it from a backup, or remove it: then everyone has to sign in again"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        len: usize,
    },
    /// It was not made at random.
    #[error(
        "the signing key {path} can be guessed: it repeats itself; remove it for a new one, after which everyone has to sign in again"
    )]
    Weak {
        /// The file.
        path: PathBuf,
    },
    /// The file of the former keys is not as it was written.
    #[error(
        "the former signing keys {path} are damaged; restore the file from a backup, or remove it: then access tokens from before the last rotation have to be refreshed"
    )]
    FormerDamaged {
        /// The file.
        path: PathBuf,
    },
    /// The keys in the database are sealed with another key.
    #[error(
        "auth.signing_key is not the key that the signing keys in the database are sealed with: give every server the same one (auth.signing_key or auth.signing_key_file); `ghostworks key reseal` seals them with this one instead"
    )]
    OtherSealing,
    /// A later version has written them.
    #[error("a later version of ghostworks has sealed the signing keys in the database: use that")]
    LaterSealing,
    /// There is none in the database.
    #[error("there are no signing keys in the database any more: a server that is started makes one")]
    NoSharedKey,
    /// They can't be sealed.
    #[error("the signing keys can't be sealed")]
    NotSealed,
    /// Others on the machine could sign tokens.
    #[error("the signing key {path} can be read by others (mode {mode:03o}); run: chmod 600 {path}")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}
