//! How the certificate of the server does: until when it is good, and what is in the way of another.

use std::sync::Arc;

use super::server::Tls;
use crate::acme::Progress;
use crate::domain::Timestamp;
use crate::service::Condition;

/// The certificate in force, and the renewal that an authority does.
pub struct Certificate {
    tls: Tls,
    /// None for a certificate that somebody else renews.
    renewal: Option<Arc<Progress>>,
}

/// How the certificate does.
pub(crate) struct CertificateHealth {
    /// Until when it is good; none if there is none.
    pub not_after: Option<Timestamp>,
    /// When the authority is asked next, if one is.
    pub next_attempt: Option<Timestamp>,
    /// What is wrong.
    pub trouble: Option<&'static str>,
    /// What was in the way of another, and what to do.
    pub remedy: Option<String>,
}

impl CertificateHealth {
    /// Requests are served without it as well as can be: a probe would gain nothing from another answer.
    pub(crate) fn condition(&self) -> Condition {
        Condition::degraded_if(self.trouble.is_some())
    }
}

impl Certificate {
    /// The one that is shown by `tls`.
    pub fn new(tls: Tls, renewal: Option<Arc<Progress>>) -> Self {
        Self { tls, renewal }
    }

    /// Until when it is good; none if there is none.
    pub fn not_after(&self) -> Option<Timestamp> {
        self.tls.validity().map(|validity| validity.not_after)
    }

    /// How it does.
    pub(crate) fn health(&self, now: Timestamp) -> CertificateHealth {
        let validity = self.tls.validity();
        let trouble = match &validity {
            None => Some("there is no certificate yet: no client can connect"),
            Some(validity) if now >= validity.not_after => Some("the certificate has ended: clients refuse it"),
            Some(validity) if validity.is_ending(now) => Some("the certificate ends soon, and was not renewed"),
            Some(_) => None,
        };
        CertificateHealth {
            not_after: validity.map(|validity| validity.not_after),
            next_attempt: self.renewal.as_ref().and_then(|renewal| renewal.next()),
            remedy: trouble.map(|_| self.remedy()),
            trouble,
        }
    }

    fn remedy(&self) -> String {
        let Some(renewal) = &self.renewal else {
            return "renew the files that server.tls_certificate and server.tls_key name; they are read again by themselves"
                .to_owned();
        };
        renewal.failure().unwrap_or_else(|| "the authority is being asked; the log says what comes of it".to_owned())
    }
}
