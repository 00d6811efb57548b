//! The key that access tokens are signed with: where it is from.

use std::path::Path;

use secrecy::ExposeSecret as _;

use crate::auth::{KeyFiles, SigningKey, SigningKeyError, SigningKeys};
use crate::config;
use crate::domain::SystemEntropy;

/// The key that is configured, or else those in the data directory, made if there is none, and their files.
pub(super) fn signing_keys(
    auth: &config::Auth,
    data_dir: &Path,
) -> Result<(SigningKeys, Option<KeyFiles>), SigningKeyError> {
    match &auth.signing_key {
        Some(key) => {
            let key = SigningKey::from_bytes(key.expose_secret().as_bytes().to_vec());
            Ok((SigningKeys::only(key), None))
        }
        None => {
            let files = KeyFiles::of(data_dir);
            Ok((files.load(&SystemEntropy)?, Some(files)))
        }
    }
}
