//! What is the same for everyone until the next version: pages and documents. Sent whole, or compressed by gzip, which is
//! done once, or not at all to a client that still has it.

use std::io::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::Bytes;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Endpoint, IntoResponse, Request, Response};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use super::accept;
use super::conditional::none_match_names;
use super::middleware::Shared;
use super::problem::Problem;

const GZIP: HeaderValue = HeaderValue::from_static("gzip");
/// What clients call it.
const GZIP_NAMES: [&str; 2] = ["gzip", "x-gzip"];
const ACCEPT_ENCODING: HeaderValue = HeaderValue::from_static("Accept-Encoding");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// An answer that is made once.
#[derive(Clone)]
pub(crate) struct Asset {
    body: Bytes,
    compressed: Arc<OnceCell<Bytes>>,
    content_type: &'static str,
    policy: Option<HeaderValue>,
    caching: HeaderValue,
    /// What is within the quotes of its entity tag.
    digest: String,
}

impl Asset {
    /// A body, and what it is.
    pub(crate) fn new(body: Bytes, content_type: &'static str) -> Self {
        let digest = URL_SAFE_NO_PAD.encode(&Sha256::digest(&body)[..16]);
        Self { body, compressed: Arc::default(), content_type, policy: None, caching: NO_CACHE, digest }
    }

    /// The same, with a content security policy of its own.
    pub(super) fn with_policy(self, policy: HeaderValue) -> Self {
        Self { policy: Some(policy), ..self }
    }

    /// The same under a name that no other content ever has.
    pub(crate) fn immutable(self) -> Self {
        Self { caching: FOR_EVER, ..self }
    }

    /// A digest of what it is.
    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }

    /// Its content security policy, if it has one of its own.
    #[cfg(test)]
    pub(super) fn policy(&self) -> Option<&HeaderValue> {
        self.policy.as_ref()
    }

    async fn compressed(&self) -> Result<Bytes, Problem> {
        let compress = || async {
            let body = self.body.clone();
            tokio::task::spawn_blocking(move || gzip(&body))
                .await
                .map_err(Problem::internal)?
                .map_err(Problem::internal)
        };
        self.compressed.get_or_try_init(compress).await.cloned()
    }
}

impl Endpoint for Asset {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let is_compressed = accept::coding(request.headers(), &GZIP_NAMES) > 0.0;
        // Each of the two forms has a tag of its own (RFC 9110, section 8.8.3).
        let tag = format!("\"{}{}\"", self.digest, if is_compressed { "-gzip" } else { "" });
        let known = request.headers().get_all(header::IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok());
        let mut response = if known.into_iter().any(|tags| none_match_names(tags, &tag)) {
            StatusCode::NOT_MODIFIED.into_response()
        } else if is_compressed {
            let body = self.compressed().await?;
            Response::builder().content_type(self.content_type).header(header::CONTENT_ENCODING, GZIP).body(body)
        } else {
            Response::builder().content_type(self.content_type).body(self.body.clone())
        };
        response.set_data(Shared);
        let headers = response.headers_mut();
        headers.insert(header::ETAG, HeaderValue::try_from(tag).map_err(Problem::internal)?);
        headers.insert(header::CACHE_CONTROL, self.caching.clone());
        headers.append(header::VARY, ACCEPT_ENCODING);
        if let Some(policy) = &self.policy {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
        }
        Ok(response)
    }
}

fn gzip(bytes: &[u8]) -> std::io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish().map(Bytes::from)
}
