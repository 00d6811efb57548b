//! The key that access tokens are signed with, rotated by the command line.

use hyper::Method;
use serde::{Deserialize, Serialize};

use super::Error;
use super::operator_api::OperatorApi;
use crate::config::Config;
use crate::domain::Timestamp;

/// Where it is rotated, on a server.
const ROTATE: &str = "/api/v1/operator/signing-key/rotate";

/// What came of a rotation.
#[derive(Debug, Serialize, Deserialize)]
pub struct RotatedKey {
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
