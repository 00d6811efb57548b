//! Which certificate of a database is trusted, as libpq has it.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
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
}

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
        let mut config = if self.mode == Mode::VerifyFull {
            builder.with_root_certificates(self.roots()?).with_no_client_auth()
        } else {
            let chain = if verifies_chain {
                let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(self.roots()?), provider.clone());
                Some(verifier.build().map_err(|error| failed(&error))?)
            } else {
                None
            };
            // `require` and `verify-ca` mean what they mean to other clients.
            let verifier = Arc::new(Lenient { chain, provider });
            builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
        };
        config.alpn_protocols = vec![b"postgresql".to_vec()];
        Ok(MakeRustlsConnect::new(config))
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
