//! Which certificate of a database is trusted, and which one it is shown, as libpq has it.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address_error::AddressError;
use crate::lenient_tls::Lenient;

/// How much is asked of the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    Disable,
    #[default]
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// What is asked of the connection, and of the server's certificate.
#[derive(Debug, Default)]
pub(super) struct Trust {
    mode: Mode,
    /// A file; the roots of Mozilla without one.
    pub root_certificate: Option<String>,
    /// The file of the certificate that the database is shown, if it asks for one.
    pub certificate: Option<PathBuf>,
    /// The file of its key.
    pub key: Option<PathBuf>,
}

/// A certificate, with those that lead to its authority, and its key.
type ClientCertificate = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// What libpq calls these files, in a directory of the user's.
const DEFAULT_CERTIFICATE: &str = "postgresql.crt";
const DEFAULT_KEY: &str = "postgresql.key";
/// What others may do with the file of a key, and what they may where it is the superuser's.
const OF_OTHERS: u32 = 0o077;
const OF_OTHERS_THAN_ROOT: u32 = 0o037;

impl Trust {
    /// Takes in an `sslmode`.
    pub fn set_mode(&mut self, text: &str) -> Result<(), String> {
        self.mode = match text {
            "disable" | "false" => Mode::Disable,
            "allow" | "prefer" => Mode::Prefer,
            "require" | "true" => Mode::Require,
            "verify-ca" => Mode::VerifyCa,
            "verify-full" => Mode::VerifyFull,
            _ => {
                return Err(format!(
                    "sslmode={text} is not known; disable, prefer, require, verify-ca and verify-full are"
                ));
            }
        };
        Ok(())
    }

    /// Takes the files in a directory where no others were named, if they are there.
    pub fn set_defaults(&mut self, directory: &Path) {
        let certificate = directory.join(DEFAULT_CERTIFICATE);
        if self.certificate.is_none() && certificate.exists() {
            self.certificate = Some(certificate);
        }
        self.key.get_or_insert_with(|| directory.join(DEFAULT_KEY));
    }

    /// The same, as the client knows it.
    pub fn ssl_mode(&self) -> SslMode {
        match self.mode {
            Mode::Disable => SslMode::Disable,
            Mode::Prefer => SslMode::Prefer,
            Mode::Require | Mode::VerifyCa | Mode::VerifyFull => SslMode::Require,
        }
    }

    /// What makes such connections.
    pub fn connector(&self) -> Result<MakeRustlsConnect, AddressError> {
        let provider = Arc::new(ring::default_provider());
        let failed = |error: &dyn std::fmt::Display| AddressError::Address(format!("TLS can't be used: {error}"));
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(&error))?;
        // With a certificate to compare with, `require` compares, as with libpq.
        let verifies_chain =
            self.mode == Mode::VerifyCa || (self.mode == Mode::Require && self.root_certificate.is_some());
        let builder = if self.mode == Mode::VerifyFull {
            builder.with_root_certificates(self.roots()?)
        } else {
            let chain = if verifies_chain {
                let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(self.roots()?), provider.clone());
                Some(verifier.build().map_err(|error| failed(&error))?)
            } else {
                None
            };
            // `require` and `verify-ca` mean what they mean to other clients.
            let verifier = Arc::new(Lenient { chain, provider });
            builder.dangerous().with_custom_certificate_verifier(verifier)
        };
        let mut config = match self.client()? {
            Some((chain, key)) => builder.with_client_auth_cert(chain, key).map_err(|error| failed(&error))?,
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"postgresql".to_vec()];
        Ok(MakeRustlsConnect::new(config))
    }

    /// What the database is shown. Read for each connection, so that files that are renewed count.
    fn client(&self) -> Result<Option<ClientCertificate>, AddressError> {
        let Some(path) = self.certificate.as_deref().filter(|_| self.mode != Mode::Disable) else { return Ok(None) };
        let wrong = |setting, path: &Path, cause: String| AddressError::ClientCertificate {
            setting,
            path: path.display().to_string(),
            cause,
        };
        let chain = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let chain = chain.map_err(|error| wrong("sslcert", path, error.to_string()))?;
        if chain.is_empty() {
            return Err(wrong("sslcert", path, "there is no certificate in it".to_owned()));
        }
        let Some(key) = self.key.as_deref() else {
            return Err(wrong("sslcert", path, "its key is missing: name that with sslkey".to_owned()));
        };
        let found = fs::metadata(key).map_err(|error| wrong("sslkey", key, error.to_string()))?;
        let open_to = found.mode() & if found.uid() == 0 { OF_OTHERS_THAN_ROOT } else { OF_OTHERS };
        if open_to != 0 {
            return Err(wrong("sslkey", key, "others may read it: chmod 600".to_owned()));
        }
        let read = PrivateKeyDer::from_pem_file(key);
        let read = read.map_err(|error| wrong("sslkey", key, format!("it has no key without a password: {error}")))?;
        Ok(Some((chain, read)))
    }

    fn roots(&self) -> Result<RootCertStore, AddressError> {
        let Some(path) = &self.root_certificate else {
            return Ok(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() });
        };
        let wrong = |cause: String| AddressError::RootCertificate { path: path.clone(), cause };
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| wrong(error.to_string()))? {
            let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
            roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
        }
        if roots.is_empty() { Err(wrong("there is no certificate in it".to_owned())) } else { Ok(roots) }
    }
}
