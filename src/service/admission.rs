//! Who may register.

use super::Error;
use crate::domain::Email;

/// Who may make themselves an account. Operators may make one for anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Anyone.
    Open,
    /// Whom an admin of a workspace has invited.
    Invite,
    /// Nobody.
    Closed,
    /// Those with an address at one of these domains, in the form that addresses are kept in.
    Domains(Vec<String>),
}

impl Admission {
    /// Refuses the holder of an address who may not register, with a good invitation or without, before anything else about
    /// them is looked at. What is no address at all is refused as that, by those who check it.
    pub(super) fn admit(&self, email: &str, is_invited: bool) -> Result<(), Error> {
        let is_admitted = match self {
            Self::Open => true,
            Self::Invite => is_invited,
            Self::Closed => false,
            Self::Domains(domains) => Email::parse(email).map_or(true, |email| is_at(&email, domains)),
        };
        if is_admitted { Ok(()) } else { Err(Error::RegistrationClosed(self.refusal())) }
    }

    /// Whether an invitation may bring somebody with this address who has no account yet.
    pub(super) fn may_bring(&self, email: &Email) -> bool {
        self.admit(email.as_str(), true).is_ok()
    }

    /// What to say to those who may not.
    fn refusal(&self) -> String {
        match self {
            Self::Domains(domains) => {
                format!("Registration is for addresses at {}; ask the operator for an account.", domains.join(", "))
            }
            Self::Invite => {
                "Registration needs an invitation that is good: ask an admin of a workspace for one.".to_owned()
            }
            Self::Open | Self::Closed => "Registration is closed; ask the operator for an account.".to_owned(),
        }
    }
}

/// Whether an address is at one of these domains.
fn is_at(email: &Email, domains: &[String]) -> bool {
    let domain = email.as_str().rsplit_once('@').map(|(_, domain)| domain);
    domains.iter().any(|admitted| domain == Some(admitted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_admits_its_own_addresses_alone() {
        let domains = Admission::Domains(vec!["example.com".to_owned(), "xn--bcher-kva.example".to_owned()]);
        for admitted in ["ann@example.com", "Ann@EXAMPLE.com", "ann@bücher.example"] {
            assert!(domains.admit(admitted, false).is_ok(), "{admitted}");
        }
        for refused in ["ann@example.org", "ann@sub.example.com", "ann@notexample.com", "example.com@example.org"] {
            assert!(domains.admit(refused, true).is_err(), "{refused}");
        }
        assert!(Admission::Open.admit("ann@example.org", false).is_ok());
        assert!(Admission::Closed.admit("ann@example.com", true).is_err());
        assert!(Admission::Invite.admit("ann@example.com", true).is_ok());
        assert!(Admission::Invite.admit("ann@example.com", false).is_err());
    }
}
