//! The key that access tokens are signed with: where it is from.

use std::path::Path;

use secrecy::ExposeSecret as _;

use super::Error;
use crate::auth::{KeyFiles, SigningKey, SigningKeyError, SigningKeys};
use crate::config;
use crate::domain::SystemEntropy;
use crate::service::{KeyPlace, SharedSigningKeys};
use crate::store::Store;

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

/// The keys that sign, and where they are from: where nodes share a database, they are in that, sealed with the one that is
/// configured, or else in the data directory.
pub(super) async fn keys_of(
    auth: &config::Auth,
    data_dir: &Path,
    store: &dyn Store,
) -> Result<(SigningKeys, KeyPlace), Error> {
    let (keys, files) = signing_keys(auth, data_dir)?;
    let Some(shared) = store.shared() else { return Ok((keys, KeyPlace::new(files))) };
    let opened = SharedSigningKeys::open(shared, &keys.current, auth.access_token_seconds, &SystemEntropy);
    let (shared, keys) = opened.await?;
    Ok((keys, KeyPlace::shared(shared)))
}
