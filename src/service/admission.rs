//! Who may register.

use crate::domain::Email;

/// Who may make themselves an account. Operators may make one for anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Anyone.
    Open,
    /// Nobody.
    Closed,
    /// Those with an address at one of these domains, in the form that addresses are kept in.
    Domains(Vec<String>),
}

impl Admission {
    /// Whether the holder of an address may register.
    pub(super) fn admits(&self, email: &Email) -> bool {
        match self {
            Self::Open => true,
            Self::Closed => false,
            Self::Domains(domains) => {
                let domain = email.as_str().rsplit_once('@').map(|(_, domain)| domain);
                domains.iter().any(|admitted| domain == Some(admitted))
            }
        }
    }

    /// What to say to those who may not.
    pub(super) fn refusal(&self) -> String {
        match self {
            Self::Domains(domains) => {
                format!("Registration is for addresses at {}; ask the operator for an account.", domains.join(", "))
            }
            Self::Open | Self::Closed => "Registration is closed; ask the operator for an account.".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_admits_its_own_addresses_alone() {
        let email = |text: &str| Email::parse(text).unwrap();
        let domains = Admission::Domains(vec!["example.com".to_owned(), "xn--bcher-kva.example".to_owned()]);
        for admitted in ["ann@example.com", "Ann@EXAMPLE.com", "ann@bücher.example"] {
            assert!(domains.admits(&email(admitted)), "{admitted}");
        }
        for refused in ["ann@example.org", "ann@sub.example.com", "ann@notexample.com", "example.com@example.org"] {
            assert!(!domains.admits(&email(refused)), "{refused}");
        }
        assert!(Admission::Open.admits(&email("ann@example.org")));
        assert!(!Admission::Closed.admits(&email("ann@example.com")));
    }
}
