//! The certificate of the server: from files, or from an authority.

use std::sync::Arc;

use super::Error;
use crate::acme::{Authority, Challenges, Folder, Kind, Progress, Renewal, Wanted};
use crate::config::{self, AcmeChallenge, CertificateSource, Config};
use crate::domain::{Clock as _, IdGenerator, SystemClock};
use crate::http::Certificate;
use crate::http::server::{Files, Tls};
use crate::telemetry::{Pipeline, Telemetry};

/// What TLS takes; nothing for a server without.
#[derive(Default)]
pub(super) struct Encryption {
    /// The TLS side of the listener.
    pub tls: Option<Tls>,
    /// What gets the certificate, if an authority gives it.
    pub renewal: Option<Renewal>,
    /// The proofs for the authority.
    pub challenges: Option<Arc<Challenges>>,
}

impl Encryption {
    /// What the configuration asks for.
    pub(super) fn new(config: &Config, telemetry: &Arc<Telemetry>) -> Result<Self, Error> {
        match config.server.certificate_source() {
            CertificateSource::Nothing => Ok(Self::default()),
            CertificateSource::Files => Ok(Self { tls: Self::by_files(&config.server)?, ..Self::default() }),
            CertificateSource::Authority => Self::by_authority(config, telemetry.clone()),
        }
    }

    /// The certificate, for those who ask how it does.
    pub(super) fn certificate(&self) -> Option<Certificate> {
        let progress: Option<Arc<Progress>> = self.renewal.as_ref().map(Renewal::progress);
        Some(Certificate::new(self.tls.clone()?, progress))
    }

    fn by_files(server: &config::Server) -> Result<Option<Tls>, Error> {
        let (Some(certificate), Some(key)) = (&server.tls_certificate, &server.tls_key) else { return Ok(None) };
        Ok(Some(Tls::new(Files { certificate: certificate.clone(), key: key.clone() })?))
    }

    fn by_authority(config: &Config, telemetry: Arc<Telemetry>) -> Result<Self, Error> {
        let (folder, challenges) = (folder(config), Arc::new(Challenges::default()));
        let file = folder.certificate();
        let tls = Tls::awaiting(Files { certificate: file.clone(), key: file }, challenges.clone())?;
        let authority = authority(&config.server, telemetry)?;
        let wanted = wanted(&config.server);
        let renewal = Renewal::new(authority, folder, wanted, challenges.clone(), Arc::new(SystemClock));
        Ok(Self { tls: Some(tls), renewal: Some(renewal), challenges: Some(challenges) })
    }
}

/// Whether somebody has to accept the terms of an authority before the server starts: nobody has so far.
pub fn needs_terms(config: &Config) -> bool {
    let is_asked = config.server.certificate_source() == CertificateSource::Authority;
    is_asked && !config.server.acme_accept_terms && !folder(config).has_account()
}

/// The URL of the terms of the authority, if it has any.
pub async fn terms(config: &Config) -> Result<Option<String>, Error> {
    let quiet = config::Telemetry { disabled: true, ..config.telemetry.clone() };
    let (_pipeline, telemetry) =
        Pipeline::start(&quiet, config.environment, IdGenerator::new().next(SystemClock.now()))?;
    Ok(authority(&config.server, Arc::new(telemetry))?.terms().await?)
}

fn folder(config: &Config) -> Folder {
    Folder::of(&config.storage.data_dir, &config.server.acme_directory)
}

fn authority(server: &config::Server, telemetry: Arc<Telemetry>) -> Result<Authority, Error> {
    Ok(Authority::new(server.acme_directory.clone(), server.acme_root.as_deref(), telemetry)?)
}

fn wanted(server: &config::Server) -> Wanted {
    let kinds = match server.acme_challenge {
        Some(AcmeChallenge::Http01) => vec![Kind::Http01],
        Some(AcmeChallenge::TlsAlpn01) => vec![Kind::TlsAlpn01],
        None if server.acme_http_listen.is_some() => vec![Kind::Http01, Kind::TlsAlpn01],
        None => vec![Kind::TlsAlpn01],
    };
    let domains = server.acme_domains.iter().map(|domain| domain.as_str().to_owned()).collect();
    Wanted { domains, email: server.acme_email.clone(), kinds }
}
