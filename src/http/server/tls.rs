//! TLS: a certificate and its key from files, read again when they change, and the protocol that a client and we agree on.
//! Where an authority gives the certificate, it is also proved here to whom the server belongs (RFC 8737).

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use arc_swap::{ArcSwap, ArcSwapOption};
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::acme::{Challenges, Validity};

/// How often the files are checked for changes.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The most bytes of an answer that a connection holds encrypted: about what it holds before that.
const BUFFER_MAX: usize = 16 << 10;

/// HTTP/2, as ALPN names it.
const H2: &[u8] = b"h2";
/// The proof that a name leads here, as ALPN names it.
const ACME: &[u8] = b"acme-tls/1";

/// The files of a certificate.
#[derive(Clone, Debug)]
pub struct Files {
    /// The certificate and those between it and its root, in PEM.
    pub certificate: PathBuf,
    /// Its key, in PEM.
    pub key: PathBuf,
}

/// When each file was written, and how long it is; none for one that is not there.
type Marks = [Option<(SystemTime, u64)>; 2];

/// Why a certificate can't be used.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file can't be read, or is no PEM.
    #[error("can't read {path}: {problem}; it must be a PEM file that this program may read")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// They don't fit.
    #[error("the key in {key} is not that of the certificate in {certificate}: {error}")]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong.
        error: rustls::Error,
    },
    /// TLS can't be set up.
    #[error("can't set up TLS: {0}")]
    Setup(#[from] rustls::Error),
}

impl Files {
    fn read(&self, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
        let unreadable = |path: &Path, problem: String| TlsError::File { path: path.to_owned(), problem };
        let chain = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| unreadable(&self.certificate, error.to_string()))?;
        if chain.is_empty() {
            return Err(unreadable(&self.certificate, "it has no certificate".to_owned()));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| unreadable(&self.key, error.to_string()))?;
        CertifiedKey::from_der(chain, key, provider).map_err(|error| TlsError::Mismatch {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            error,
        })
    }

    /// What changes when they do.
    fn marks(&self) -> Marks {
        let mark = |file: Metadata| Some((file.modified().ok()?, file.len()));
        [&self.certificate, &self.key].map(|path| fs::metadata(path).ok().and_then(mark))
    }
}

/// The certificate in force.
#[derive(Debug)]
struct Current {
    /// None until an authority has given one.
    key: ArcSwapOption<CertifiedKey>,
    /// Where it comes from.
    files: ArcSwap<Files>,
    /// The proofs for the authority, if it comes from one.
    challenges: Option<Arc<Challenges>>,
}

impl ResolvesServerCert for Current {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if hello.alpn().is_some_and(|mut protocols| protocols.any(|protocol| protocol == ACME)) {
            return self.challenges.as_ref()?.certificate(hello.server_name()?);
        }
        self.key.load_full()
    }
}

/// A certificate that can be put in force.
pub struct Certificate {
    key: CertifiedKey,
    files: Files,
}

impl Certificate {
    /// The one that the files hold now.
    pub fn read(files: Files) -> Result<Self, TlsError> {
        Ok(Self { key: files.read(&ring::default_provider())?, files })
    }
}

/// The TLS side of a listener.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    current: Arc<Current>,
}

impl Tls {
    /// With the certificate that the files hold now, and later with the one they hold then. For a runtime's thread.
    pub fn new(files: Files) -> Result<Self, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let marks = files.marks();
        let key = files.read(&provider)?;
        Self::following(files, marks, Some(key), None, provider)
    }

    /// The same, with files that an authority's certificate is written to, which may not be there yet: then no connection is
    /// made, but those by which the authority sees the proofs.
    pub fn awaiting(files: Files, challenges: Arc<Challenges>) -> Result<Self, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let marks = files.marks();
        let key = files.read(&provider).ok();
        Self::following(files, marks, key, Some(challenges), provider)
    }

    fn following(
        files: Files,
        marks: Marks,
        key: Option<CertifiedKey>,
        challenges: Option<Arc<Challenges>>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, TlsError> {
        let mut protocols = vec![H2.to_vec(), b"http/1.1".to_vec()];
        protocols.extend(challenges.is_some().then(|| ACME.to_vec()));
        let is_used = key.is_some();
        let (key, files) = (ArcSwapOption::from_pointee(key), ArcSwap::from_pointee(files));
        let current = Arc::new(Current { key, files, challenges });
        let config = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
        let mut config = config.with_no_client_auth().with_cert_resolver(current.clone());
        config.alpn_protocols = protocols;
        config.ticketer = ring::Ticketer::new()?;
        tokio::spawn(follow(marks, is_used, Arc::downgrade(&current), provider));
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), current })
    }

    /// For how long the certificate is good; none if there is none, or one that does not say.
    pub fn validity(&self) -> Option<Validity> {
        Validity::of(self.current.key.load().as_ref()?.cert.first()?)
    }

    /// Shows another certificate from now on, to connections that begin.
    pub fn replace(&self, certificate: Certificate) {
        self.current.files.store(Arc::new(certificate.files));
        self.current.key.store(Some(Arc::new(certificate.key)));
    }

    /// Shakes hands.
    pub(super) async fn accept<S>(&self, stream: S) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        self.acceptor.accept_with(stream, |session| session.set_buffer_limit(Some(BUFFER_MAX))).await
    }
}

/// Whether a client and we agreed on HTTP/2.
pub(super) fn is_http2<S>(stream: &TlsStream<S>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(H2)
}

/// Whether the client only came for a proof.
pub(super) fn is_proof<S>(stream: &TlsStream<S>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(ACME)
}

/// Reads the files again whenever they have changed, for as long as somebody uses the certificate, and until they can be
/// used: who replaces them may be half-way, and what ends that need not change how they look. What can't be used is reported
/// once, and the certificate before it stays.
async fn follow(mut seen: Marks, mut is_used: bool, current: Weak<Current>, provider: Arc<CryptoProvider>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Some(current) = current.upgrade() else { return };
        let files = current.files.load_full();
        let marks = files.marks();
        if marks == seen && is_used {
            continue;
        }
        match files.read(&provider) {
            Ok(key) => {
                current.key.store(Some(Arc::new(key)));
                is_used = true;
                tracing::info!(certificate = %files.certificate.display(), "the certificate was read again");
            }
            Err(error) => {
                if marks != seen {
                    tracing::warn!(%error, "the changed certificate can't be used; the one before it stays");
                }
                is_used = false;
            }
        }
        seen = marks;
    }
}
