//! The way to an authority: over the one HTTP client, traced as every call to another service.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::header::USER_AGENT;
use hyper::{Request, Response, StatusCode};
use instant_acme::{Account, AccountBuilder, BodyWrapper, BytesResponse, Error, HttpClient};
use serde::Deserialize;

use super::AcmeError;
use crate::telemetry::{CallError, Telemetry, TrustingClient};

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What this server calls itself.
const NAME: &str = concat!("ghostworks/", env!("CARGO_PKG_VERSION"));

/// An authority, by its directory.
#[derive(Clone)]
pub struct Authority {
    directory: String,
    telemetry: Arc<Telemetry>,
    /// None for one that Mozilla trusts.
    client: Option<Arc<TrustingClient>>,
}

/// What is read of a directory (RFC 8555, section 7.1.1).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Directory {
    #[serde(rename = "newOrder")]
    _new_order: String,
    #[serde(default)]
    meta: Meta,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Meta {
    terms_of_service: Option<String>,
    external_account_required: bool,
}

impl Authority {
    /// The authority with this directory, which is trusted for the certificates in the PEM file `root`, or else for those of
    /// Mozilla. Must be made on a runtime.
    pub fn new(directory: String, root: Option<&Path>, telemetry: Arc<Telemetry>) -> Result<Self, AcmeError> {
        let client = root.map(TrustingClient::new).transpose().map_err(AcmeError::Root)?;
        Ok(Self { directory, telemetry, client: client.map(Arc::new) })
    }

    /// The URL of its directory.
    pub(super) fn directory(&self) -> &str {
        &self.directory
    }

    /// The URL of its terms, if it has any.
    pub async fn terms(&self) -> Result<Option<String>, AcmeError> {
        Ok(self.look_up().await?.meta.terms_of_service)
    }

    /// Looks whether it is there, and an authority of which this server can be a customer.
    pub(super) async fn check(&self) -> Result<(), AcmeError> {
        if self.look_up().await?.meta.external_account_required {
            return Err(AcmeError::BindingRequired { directory: self.directory.clone() });
        }
        Ok(())
    }

    async fn look_up(&self) -> Result<Directory, AcmeError> {
        let directory = self.directory.clone();
        let request = Request::get(&directory).header(USER_AGENT, NAME).body(Bytes::new());
        let request = request
            .map_err(|error| AcmeError::NoDirectory { directory: directory.clone(), cause: error.to_string() })?;
        let answer = self
            .call(request)
            .await
            .map_err(|error| AcmeError::Unreachable { directory: directory.clone(), cause: error.to_string() })?;
        if answer.status() != StatusCode::OK {
            return Err(AcmeError::NoDirectory { directory, cause: format!("it answers {}", answer.status()) });
        }
        serde_json::from_slice(answer.body())
            .map_err(|_| AcmeError::NoDirectory { directory, cause: "its answer is something else".to_owned() })
    }

    /// What accounts are made or found with.
    pub(super) fn accounts(&self) -> AccountBuilder {
        Account::builder_with_http(Box::new(self.clone()))
    }

    async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, CallError> {
        match &self.client {
            Some(client) => self.telemetry.call_trusting(client, request, TIMEOUT).await,
            None => self.telemetry.call(request, TIMEOUT).await,
        }
    }
}

impl HttpClient for Authority {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let authority = self.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = match body.collect().await {
                Ok(body) => body.to_bytes(),
                Err(never) => match never {},
            };
            let answer = authority.call(Request::from_parts(head, body)).await;
            answer.map(|answer| answer.map(Full::new).into()).map_err(|error| Error::Other(error.into()))
        })
    }
}
