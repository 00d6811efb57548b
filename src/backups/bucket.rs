//! A bucket that backups are kept in.

use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{ObjectStore as _, ObjectStoreExt as _, PutMode, PutOptions, RetryConfig, WriteMultipart};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::fs;
use tokio::io::AsyncWriteExt as _;

use super::PlaceError;
use super::connector::Connector;
use crate::store::{Backup, StoreResult};
use crate::telemetry::Telemetry;

/// The bytes that are sent with one request. A backup has at most 10,000 of them, so 160 GB.
const PART: usize = 16 << 20;
/// The bytes that are asked for with one request: the answer is in memory as a whole.
const PIECE: u64 = 1 << 20;
/// Parts on their way at a time, besides the one that is being filled.
const ON_THEIR_WAY: usize = 1;
/// How often a request is repeated that the service did not take, and for how long.
const RETRIES: usize = 3;
const RETRY_TIMEOUT: Duration = Duration::from_secs(60);

/// How to reach an S3-compatible service.
#[derive(Clone, Debug)]
pub struct S3 {
    /// Its URL; none for that of AWS in the region.
    pub endpoint: Option<String>,
    /// The region that requests are signed for.
    pub region: String,
    /// Who asks.
    pub access_key_id: String,
    /// What proves it.
    pub secret_access_key: SecretString,
}

/// A bucket, and what all names in it begin with.
pub struct Bucket {
    store: AmazonS3,
    prefix: Path,
}

impl Bucket {
    /// The bucket of an address without its scheme: `bucket/prefix`.
    pub(super) fn new(address: &str, s3: &S3, telemetry: Arc<Telemetry>) -> Result<Self, object_store::Error> {
        let (bucket, prefix) = address.split_once('/').unwrap_or((address, ""));
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_region(&s3.region)
            .with_access_key_id(&s3.access_key_id)
            .with_secret_access_key(s3.secret_access_key.expose_secret())
            .with_retry(RetryConfig { max_retries: RETRIES, retry_timeout: RETRY_TIMEOUT, ..RetryConfig::default() })
            .with_http_connector(Connector::new(telemetry));
        if let Some(endpoint) = &s3.endpoint {
            builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http:"));
        }
        Ok(Self { store: builder.build()?, prefix: Path::parse(prefix)? })
    }

    pub(super) async fn keep(&self, name: &str, mut backup: Backup) -> Result<u64, PlaceError> {
        let path = self.prefix.clone().join(name);
        let mut begun = Vec::new();
        while begun.len() < PART {
            match backup.next().await {
                Some(piece) => begun.extend(piece?),
                None => {
                    // It fits into one request, as changes do as a rule.
                    let bytes = begun.len() as u64;
                    self.store.put(&path, begun.into()).await?;
                    return Ok(bytes);
                }
            }
        }
        let upload = self.store.put_multipart(&path).await?;
        let (mut upload, mut bytes) = (WriteMultipart::new_with_chunk_size(upload, PART), 0);
        let mut next: Option<StoreResult<_>> = Some(Ok(begun));
        while let Some(piece) = next {
            let sent = match piece {
                Ok(piece) => {
                    bytes += piece.len() as u64;
                    upload.write(&piece);
                    upload.wait_for_capacity(ON_THEIR_WAY).await.map_err(PlaceError::from)
                }
                Err(error) => Err(error.into()),
            };
            if let Err(error) = sent {
                // What went wrong is more worth telling than that parts were left behind.
                drop(upload.abort().await);
                return Err(error);
            }
            next = backup.next().await;
        }
        upload.finish().await?;
        Ok(bytes)
    }

    pub(super) async fn list(&self) -> Result<BTreeMap<String, u64>, object_store::Error> {
        let objects: Vec<_> = self.store.list(Some(&self.prefix)).try_collect().await?;
        // What is deeper down is none of ours.
        let sizes = objects.iter().filter_map(|object| {
            let mut parts = object.location.prefix_match(&self.prefix)?;
            let name = parts.next()?.as_ref().to_owned();
            parts.next().is_none().then_some((name, object.size))
        });
        Ok(sizes.collect())
    }

    pub(super) async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, object_store::Error> {
        match self.store.get(&self.prefix.clone().join(name)).await {
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            object => Ok(Some(object?.bytes().await?.into())),
        }
    }

    pub(super) async fn create(&self, name: &str, bytes: Vec<u8>) -> Result<(), object_store::Error> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.store.put_opts(&self.prefix.clone().join(name), bytes.into(), options).await {
            Err(object_store::Error::AlreadyExists { .. }) => Ok(()),
            written => written.map(drop),
        }
    }

    pub(super) async fn replace(&self, name: &str, bytes: Vec<u8>) -> Result<(), object_store::Error> {
        self.store.put(&self.prefix.clone().join(name), bytes.into()).await.map(drop)
    }

    pub(super) async fn file(&self, name: &str, scratch: &FilePath) -> Result<PathBuf, PlaceError> {
        fs::create_dir_all(scratch).await?;
        let file = scratch.join(name);
        let mut copy = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&file).await?;
        let path = self.prefix.clone().join(name);
        let (size, mut at) = (self.store.head(&path).await?.size, 0);
        while at < size {
            let end = size.min(at + PIECE);
            copy.write_all(&self.store.get_range(&path, at..end).await?).await?;
            at = end;
        }
        copy.flush().await?;
        Ok(file)
    }

    pub(super) async fn remove(&self, name: &str) -> Result<(), object_store::Error> {
        self.store.delete(&self.prefix.clone().join(name)).await
    }
}
