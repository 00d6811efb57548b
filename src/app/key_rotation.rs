//! The key that access tokens are signed with, rotated and sealed by the command line.

use std::fs;
use std::path::Path;

use hyper::Method;
use secrecy::zeroize::Zeroizing;
use serde::{Deserialize, Serialize};

use super::operator_api::OperatorApi;
use super::signing_key::signing_keys;
use super::{Error, shared};
use crate::auth::{SigningKey, SigningKeyError};
use crate::config::Config;
use crate::domain::{SystemEntropy, Timestamp};
use crate::service::reseal_signing_keys;

/// The length of a key that was made here.
const MADE_LEN: usize = 32;

/// Where it is rotated, on a server.
const ROTATE: &str = "/api/v1/operator/signing-key/rotate";

/// What came of a rotation.
#[derive(Debug, Serialize, Deserialize)]
pub struct RotatedKey {
    /// From when on the new key signs.
    pub signs_from: Timestamp,
    /// Until when the former key is believed.
    pub former_until: Timestamp,
}

/// Makes another key that signs, of the server that uses the data directory or of none.
pub async fn rotate_key(config: &Config) -> Result<RotatedKey, Error> {
    let api = OperatorApi::open(config).await?;
    let rotated = api.ask(Method::POST, ROTATE, None).await;
    let closed = api.close().await;
    let rotated = rotated?;
    closed.map(|()| rotated)
}

/// Seals the signing keys that nodes share with the key that is configured now, instead of the one in a file, which was before.
pub async fn reseal_keys(config: &Config, before: &Path) -> Result<(), Error> {
    let shared = shared::place(config)?.ok_or(Error::NotShared)?;
    let unread = |error| SigningKeyError::Io { path: before.to_owned(), error };
    let bytes = Zeroizing::new(fs::read(before).map_err(unread)?);
    // A key that was made here is no text, and may end with anything.
    let text = bytes.strip_suffix(b"\n").filter(|_| bytes.len() != MADE_LEN).unwrap_or(&bytes);
    let former =
        SigningKey::from_bytes(text.strip_suffix(b"\r").filter(|_| text.len() < bytes.len()).unwrap_or(text).to_vec());
    let (keys, _) = signing_keys(&config.auth, &config.storage.data_dir)?;
    Ok(reseal_signing_keys(&*shared, &keys.current, &former, &SystemEntropy).await?)
}
