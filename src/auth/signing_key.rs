//! The key that access tokens are signed with.

use std::path::Path;

use super::key_file;
use super::keyed::keyed;
use super::signing_key_error::{KEY_LEN, SigningKeyError};
use crate::domain::Entropy;
use hmac::{Hmac, Mac as _};
use secrecy::zeroize::Zeroizing;
use sha2::Sha256;

const FILE_NAME: &str = "signing.key";

/// A secret of at least 256 bits.
pub struct SigningKey(Zeroizing<Vec<u8>>);

impl SigningKey {
    /// A key that was configured.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The key kept in `directory`; on the first start a new one, readable by its owner alone.
    pub(super) fn load_or_generate(directory: &Path, entropy: &dyn Entropy) -> Result<Self, SigningKeyError> {
        let path = directory.join(FILE_NAME);
        match key_file::read(&path)? {
            Some(bytes) if bytes.len() != KEY_LEN => Err(SigningKeyError::Damaged { path, len: bytes.len() }),
            Some(bytes) if is_repeated(&bytes) => Err(SigningKeyError::Weak { path }),
            Some(bytes) => Ok(Self(bytes)),
            None => Self::generate(directory, entropy),
        }
    }

    /// A new key in `directory`, in the place of the one that is there.
    pub(super) fn generate(directory: &Path, entropy: &dyn Entropy) -> Result<Self, SigningKeyError> {
        let key = Zeroizing::new(entropy.bytes::<KEY_LEN>().to_vec());
        key_file::write(&directory.join(FILE_NAME), &key)?;
        Ok(Self(key))
    }

    /// A key for one purpose alone, derived from this (HMAC-SHA256): a signature of something else is none of that.
    pub(super) fn derive(&self, purpose: &[u8]) -> Hmac<Sha256> {
        keyed(&keyed(&self.0).chain_update(purpose).finalize().into_bytes())
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
