//! For how long a certificate is good, and for which names.

use jiff::SignedDuration;
use rustls::pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{ASN1Time, X509Certificate, parse_x509_certificate};

use crate::domain::Timestamp;

/// For how long a certificate is good, and for which names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validity {
    /// From when.
    pub not_before: Timestamp,
    /// Until when.
    pub not_after: Timestamp,
    names: Vec<String>,
}

impl Validity {
    /// What a certificate says; none for one that can't be read.
    pub fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let (_, certificate) = parse_x509_certificate(certificate).ok()?;
        let [not_before, not_after] = [certificate.validity().not_before, certificate.validity().not_after].map(moment);
        Some(Self { not_before: not_before?, not_after: not_after?, names: names(&certificate) })
    }

    /// When it is to be renewed: a third before its end.
    pub fn renew_at(&self) -> Timestamp {
        self.before_end(self.lifetime() / 3)
    }

    /// Whether it should have been renewed for long: less than a sixth of its time is left.
    pub fn is_ending(&self, now: Timestamp) -> bool {
        now >= self.before_end(self.lifetime() / 6)
    }

    /// Whether it is for all of these names.
    pub(super) fn covers(&self, domains: &[String]) -> bool {
        domains.iter().all(|domain| self.names.contains(domain))
    }

    fn lifetime(&self) -> SignedDuration {
        self.not_after.duration_since(self.not_before)
    }

    fn before_end(&self, duration: SignedDuration) -> Timestamp {
        self.not_after.checked_sub(duration).unwrap_or(self.not_before)
    }
}

fn moment(time: ASN1Time) -> Option<Timestamp> {
    Timestamp::from_second(time.timestamp()).ok()
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let alternative = certificate.subject_alternative_name().ok().flatten();
    let names = alternative.iter().flat_map(|it| &it.value.general_names);
    names
        .filter_map(|name| if let GeneralName::DNSName(name) = name { Some((*name).to_owned()) } else { None })
        .collect()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn a_certificate_is_renewed_a_third_before_its_end() {
        let mut wanted = CertificateParams::new(vec!["b.example".to_owned(), "a.example".to_owned()]).unwrap();
        (wanted.not_before, wanted.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2026, 4, 1));
        let made = wanted.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let validity = Validity::of(made.der()).unwrap();
        assert_eq!(validity.not_after, "2026-04-01T00:00:00Z".parse().unwrap());
        assert_eq!(validity.renew_at(), "2026-03-02T00:00:00Z".parse().unwrap());
        assert!(!validity.is_ending("2026-03-16T23:59:59Z".parse().unwrap()));
        assert!(validity.is_ending("2026-03-17T00:00:00Z".parse().unwrap()));
        let covers =
            |domains: &[&str]| validity.covers(&domains.iter().copied().map(str::to_owned).collect::<Vec<_>>());
        assert!(covers(&["a.example"]) && covers(&["b.example", "a.example"]));
        assert!(!covers(&["a.example", "c.example"]));
        assert_eq!(Validity::of(&CertificateDer::from(vec![1, 2, 3])), None);
    }
}
