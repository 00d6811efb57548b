//! The one HTTP client: for OTLP over HTTP, and for whatever the service calls.

use std::error::Error;
use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use opentelemetry_http::{Bytes, HttpError, Request, Response};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tokio::runtime::Handle;

/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;

/// What requests are sent with, over connections that are kept for the next one.
pub type HttpSender = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// What a command sends its requests with: without a span, and for answers of any length. It trusts the certificates in
/// the PEM file `authorities`; without one, those of Mozilla.
pub fn http_sender(authorities: Option<&Path>) -> Result<HttpSender, String> {
    Ok(sender(Tls { authorities, identity: None }.config()?))
}

fn sender(tls: ClientConfig) -> HttpSender {
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
    Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector)
}

/// A client with a pool of connections, usable from any thread. Its work happens on the runtime it was made on, for the
/// exporting threads of the SDK have none.
pub(super) struct HttpClient {
    client: HttpSender,
    runtime: Handle,
}

impl HttpClient {
    /// A client that trusts what `tls` trusts. Must be made on a runtime.
    pub(super) fn new(tls: ClientConfig) -> Self {
        Self { client: sender(tls), runtime: Handle::current() }
    }

    /// Sends a request and reads the whole answer.
    pub(super) async fn send(&self, request: Request<Bytes>, timeout: Duration) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let exchange = async move {
            let (head, body) = client.request(request.map(Full::new)).await?.into_parts();
            let body = Limited::new(body, MAX_ANSWER).collect().await?.to_bytes();
            Ok::<_, HttpError>(Response::from_parts(head, body))
        };
        self.runtime.spawn(async move { tokio::time::timeout(timeout, exchange).await }).await??
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpClient")
    }
}

/// Whom to trust, and what to show of oneself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tls<'a> {
    /// A PEM file with the certificates that vouch for the other side; without one, those of Mozilla.
    pub authorities: Option<&'a Path>,
    /// PEM files with a certificate and its key.
    pub identity: Option<(&'a Path, &'a Path)>,
}

impl Tls<'_> {
    /// The configuration of a client that only speaks without TLS.
    pub(super) fn nobody() -> Result<ClientConfig, String> {
        Self::default().trusting(RootCertStore::empty())
    }

    /// The configuration for rustls. Reads the files.
    pub(super) fn config(&self) -> Result<ClientConfig, String> {
        let mut roots = RootCertStore::empty();
        match self.authorities {
            Some(path) => {
                for certificate in certificates(path)? {
                    roots.add(certificate).map_err(|error| format!("{}: {error}", path.display()))?;
                }
            }
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        }
        self.trusting(roots)
    }

    fn trusting(&self, roots: RootCertStore) -> Result<ClientConfig, String> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots);
        let Some((certificate, key)) = self.identity else { return Ok(builder.with_no_client_auth()) };
        let chain = certificates(certificate)?;
        let secret =
            PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|error| format!("{}: {error}", key.display()))?;
        builder.with_client_auth_cert(chain, secret).map_err(|error| format!("{}: {error}", certificate.display()))
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let problem = |what: &dyn fmt::Display| format!("{}: {what}", path.display());
    let pem = read(path)?;
    let certificates: Vec<_> =
        CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().map_err(|error| problem(&error))?;
    if certificates.is_empty() { Err(problem(&"there is no certificate in it")) } else { Ok(certificates) }
}

/// A file that the configuration names.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("can't read {}: {error}", path.display()))
}

/// An error with what caused it, in one line. Some errors say their cause themselves: nothing is said twice.
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text += &format!(": {said}");
        }
        cause = error.source();
    }
    text
}
