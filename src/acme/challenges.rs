//! What is answered to an authority that looks whether a domain leads here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use instant_acme::KeyAuthorization;
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;

use super::{AcmeError, Kind};

/// The proofs that are offered now.
#[derive(Debug, Default)]
pub struct Challenges(Mutex<Proofs>);

#[derive(Debug, Default)]
struct Proofs {
    /// Answers over HTTP, by token.
    answers: HashMap<String, String>,
    /// Certificates, by the name that is asked for.
    certificates: HashMap<String, Arc<CertifiedKey>>,
}

impl Challenges {
    /// The answer over HTTP to a token.
    pub fn answer(&self, token: &str) -> Option<String> {
        self.lock().answers.get(token).cloned()
    }

    /// The certificate that proves a name.
    pub fn certificate(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        self.lock().certificates.get(name).cloned()
    }

    /// Offers the proof for a domain until the end of what is offered.
    pub(super) fn offer(
        &self,
        kind: Kind,
        domain: &str,
        token: &str,
        authorization: &KeyAuthorization,
    ) -> Result<(), AcmeError> {
        match kind {
            Kind::Http01 => {
                self.lock().answers.insert(token.to_owned(), authorization.as_str().to_owned());
            }
            Kind::TlsAlpn01 => {
                let certificate = proving(domain, authorization.digest().as_ref())?;
                self.lock().certificates.insert(domain.to_owned(), Arc::new(certificate));
            }
        }
        Ok(())
    }

    /// Ends what is offered when it is dropped.
    pub(super) fn offered(&self) -> Offered<'_> {
        Offered(self)
    }

    fn lock(&self) -> MutexGuard<'_, Proofs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is offered, until it is dropped.
pub(super) struct Offered<'a>(&'a Challenges);

impl Drop for Offered<'_> {
    fn drop(&mut self) {
        *self.0.lock() = Proofs::default();
    }
}

/// A certificate that has nothing to say but the digest.
fn proving(domain: &str, digest: &[u8]) -> Result<CertifiedKey, AcmeError> {
    let failed = |error: rcgen::Error| AcmeError::Crypto(error.to_string());
    let mut wanted = CertificateParams::new(vec![domain.to_owned()]).map_err(failed)?;
    wanted.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let key = KeyPair::generate().map_err(failed)?;
    let certificate = wanted.self_signed(&key).map_err(failed)?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let key = ring::default_provider().key_provider.load_private_key(key);
    let key = key.map_err(|error| AcmeError::Crypto(error.to_string()))?;
    Ok(CertifiedKey::new(vec![certificate.der().clone()], key))
}
