//! The settings of scheduled backups.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::check::{self, Checked};
use super::secret::masked;

/// Backups that are made by themselves.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Backups {
    /// Where they go (`--from`, when they are restored): a directory, or `s3://bucket/prefix`. A place
    /// belongs to one installation. By default nowhere: then there are none.
    pub to: Option<String>,
    /// Seconds from one to the next. Default a day.
    pub every_seconds: u64,
    /// How many are kept; older ones are removed. Default 7.
    pub keep: usize,
    /// Seconds between two looks at what has changed, which is sent to the same place; 0 means never. Default 10.
    pub changes_every_seconds: u64,
    /// The URL of the S3-compatible service (`AWS_ENDPOINT_URL`); by default that of AWS in the region.
    pub s3_endpoint: Option<String>,
    /// Its region (`AWS_REGION`). Default `us-east-1`.
    pub s3_region: String,
    /// Who asks it (`AWS_ACCESS_KEY_ID`).
    pub s3_access_key_id: Option<String>,
    /// What proves that (`AWS_SECRET_ACCESS_KEY`).
    #[serde(serialize_with = "masked")]
    pub s3_secret_access_key: Option<SecretString>,
}

impl Default for Backups {
    fn default() -> Self {
        Self {
            to: None,
            every_seconds: 24 * 60 * 60,
            keep: 7,
            changes_every_seconds: 10,
            s3_endpoint: None,
            s3_region: "us-east-1".into(),
            s3_access_key_id: None,
            s3_secret_access_key: None,
        }
    }
}

impl Backups {
    pub(super) fn check(&self) -> Checked {
        check::seconds("backups.every_seconds", self.every_seconds)?;
        check::within("backups.keep", self.keep, 1..=100_000)?;
        check::within("backups.changes_every_seconds", self.changes_every_seconds, 0..=24 * 60 * 60)?;
        let Some(to) = &self.to else { return Ok(()) };
        check::one_line("backups.to", to)?;
        let Some((scheme, bucket)) = to.split_once("://") else { return Ok(()) };
        let is_bucket = scheme == "s3" && !bucket.is_empty() && !bucket.starts_with('/');
        check::ensure("backups.to", is_bucket, "expected a directory, or s3://bucket/prefix")?;
        let missing = "is needed for a bucket";
        check::ensure("backups.s3_access_key_id", self.s3_access_key_id.is_some(), missing)?;
        check::ensure("backups.s3_secret_access_key", self.s3_secret_access_key.is_some(), missing)?;
        let is_url = |url: &str| url.starts_with("http://") || url.starts_with("https://");
        let fit = self.s3_endpoint.as_deref().is_none_or(is_url);
        check::ensure("backups.s3_endpoint", fit, "expected a URL that begins with http:// or https://")
    }
}
