//! The key that access tokens are signed with.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;
use thiserror::Error;

use crate::domain::Entropy;

const KEY_LEN: usize = 32;
const FILE_NAME: &str = "signing.key";

/// A secret of at least 256 bits.
pub struct SigningKey(Zeroizing<Vec<u8>>);

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
    /// Others on the machine could sign tokens.
    #[error("the signing key {path} can be read by others (mode {mode:03o}); run: chmod 600 {path}")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}

impl SigningKey {
    /// A key that was configured.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The key kept in `directory`; on the first start a new one, readable by its owner alone.
    pub fn load_or_generate(directory: &Path, entropy: &dyn Entropy) -> Result<Self, SigningKeyError> {
        let path = directory.join(FILE_NAME);
        match File::open(&path) {
            Ok(file) => Self::read(&path, file),
            Err(error) if error.kind() == ErrorKind::NotFound => Self::generate(&path, entropy),
            Err(error) => Err(SigningKeyError::Io { path, error }),
        }
    }

    fn read(path: &Path, mut file: File) -> Result<Self, SigningKeyError> {
        let path = path.to_owned();
        let mut bytes = Zeroizing::new(Vec::new());
        let read = file.metadata().and_then(|metadata| file.read_to_end(&mut bytes).map(|_| metadata));
        match read {
            Err(error) => Err(SigningKeyError::Io { path, error }),
            Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => {
                Err(SigningKeyError::Exposed { path, mode: metadata.permissions().mode() & 0o777 })
            }
            Ok(_) if bytes.len() != KEY_LEN => Err(SigningKeyError::Damaged { path, len: bytes.len() }),
            Ok(_) if is_repeated(&bytes) => Err(SigningKeyError::Weak { path }),
            Ok(_) => Ok(Self(bytes)),
        }
    }

    /// Written under another name first, so that a crash never leaves half a key.
    fn generate(path: &Path, entropy: &dyn Entropy) -> Result<Self, SigningKeyError> {
        let key = Zeroizing::new(entropy.bytes::<KEY_LEN>().to_vec());
        let draft = path.with_extension("key.new");
        let write = || {
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
            file.write_all(&key)?;
            file.sync_all()?;
            std::fs::rename(&draft, path)?;
            path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
        };
        write().map_err(|error| SigningKeyError::Io { path: path.to_owned(), error })?;
        Ok(Self(key))
    }

    /// The secret.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Whether bytes are one piece again and again, such as zeros.
fn is_repeated(bytes: &[u8]) -> bool {
    (1..=bytes.len() / 2).any(|period| bytes[period..] == bytes[..bytes.len() - period])
}
