//! Accounts: the address, the name, and what a password must be like.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use super::text::validated_text;
use super::{KnownNetworks, Timestamp, UserId};

validated_text!(Email, PersonName);

/// An e-mail address in the one form it is stored and compared in: lower case, domain in IDNA (ASCII) form.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// The longest address that can be delivered to, in octets (RFC 5321).
    pub const MAX_LEN: usize = 254;

    /// Normalises and checks an address. Only what mail servers accept in practice passes: a dot-atom local part
    /// (RFC 5322) and a domain of at least two labels.
    pub fn parse(text: &str) -> Result<Self, String> {
        let invalid = || "must be an e-mail address, such as name@example.com".to_owned();
        let (local, domain) = text.trim().rsplit_once('@').ok_or_else(invalid)?;
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| invalid())?;
        let is_atom = |c: char| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c);
        let is_dot_atom = local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom));
        if local.len() > 64 || !is_dot_atom || !domain.contains('.') {
            return Err(invalid());
        }
        let normalised = format!("{}@{domain}", local.to_lowercase());
        if normalised.len() > Self::MAX_LEN {
            return Err(format!("must be at most {} characters", Self::MAX_LEN));
        }
        Ok(Self(normalised))
    }
}

/// Addresses are personal data: they don't show in debug output, which ends up in logs.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

/// A first or last name: up to 100 characters, trimmed, without control characters.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonName(String);

impl PersonName {
    /// The longest name, in characters.
    pub const MAX_CHARS: usize = 100;

    /// Trims and checks a name; an empty one is none.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        let text = text.trim();
        if text.chars().count() > Self::MAX_CHARS || text.chars().any(char::is_control) {
            return Err(format!("must be at most {} characters, none of them control characters", Self::MAX_CHARS));
        }
        Ok((!text.is_empty()).then(|| Self(text.to_owned())))
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(…)")
    }
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Its address, unique among accounts.
    pub email: Email,
    /// Given name.
    pub first_name: Option<PersonName>,
    /// Family name.
    pub last_name: Option<PersonName>,
    /// Whether the address was proved to be theirs.
    pub is_verified: bool,
    /// Whether it may sign in.
    pub is_active: bool,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl User {
    /// First and last name as far as known, else the address.
    pub fn full_name(&self) -> String {
        let names: Vec<&str> =
            [&self.first_name, &self.last_name].into_iter().flatten().map(PersonName::as_str).collect();
        if names.is_empty() { self.email.as_str().to_owned() } else { names.join(" ") }
    }
}

/// What a login is checked against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Whose they are.
    pub user: UserId,
    /// The password's hash, as a PHC string.
    pub password_hash: String,
    /// Whether the account may sign in.
    pub is_active: bool,
    /// Whether its address was proved to be theirs.
    pub is_verified: bool,
    /// Where the account was signed in to from before.
    pub networks: KnownNetworks,
}

/// What a new password must be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// Whether upper case, lower case, a digit and another character are required.
    pub composition: bool,
}

impl PasswordPolicy {
    /// The fewest characters.
    pub const MIN_CHARS: usize = 8;
    /// The most characters.
    pub const MAX_CHARS: usize = 128;

    /// Checks a new password for the account of `email`. `is_common` says whether a password is among the most
    /// used ones; it is asked with the lower-cased password. What is said names the rules that it breaks, and no other.
    pub fn check(
        &self,
        password: &SecretString,
        email: Option<&Email>,
        is_common: impl Fn(&str) -> bool,
    ) -> Result<(), String> {
        let password = password.expose_secret();
        let lower = password.to_lowercase();
        let mut broken = Vec::new();
        let length = password.chars().count();
        if length < Self::MIN_CHARS {
            broken.push(format!("must be at least {} characters long", Self::MIN_CHARS));
        }
        if length > Self::MAX_CHARS {
            broken.push(format!("must be at most {} characters long", Self::MAX_CHARS));
        }
        if self.composition {
            broken.extend(missing(password));
        }
        if email.is_some_and(|email| email.as_str() == lower) {
            broken.push("must not be the e-mail address".to_owned());
        }
        if is_common(&lower) {
            broken.push("is one of the most used passwords; choose another".to_owned());
        }
        if broken.is_empty() { Ok(()) } else { Err(broken.join("; ")) }
    }
}

/// What a password lacks, as a sentence.
fn missing(password: &str) -> Option<String> {
    let has = |class: fn(char) -> bool| password.chars().any(class);
    let classes = [
        (has(char::is_uppercase), "an upper case letter"),
        (has(char::is_lowercase), "a lower case letter"),
        (has(char::is_numeric), "a digit"),
        (has(|c| !c.is_alphanumeric()), "a special character"),
    ];
    let missing: Vec<&str> = classes.into_iter().filter_map(|(has, class)| (!has).then_some(class)).collect();
    let (last, others) = missing.split_last()?;
    let list = if others.is_empty() { (*last).to_owned() } else { format!("{} and {last}", others.join(", ")) };
    Some(format!("must contain {list}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_form() {
        for text in ["Ann@Example.COM", " ann@example.com ", "ANN@EXAMPLE.com"] {
            assert_eq!(Email::parse(text).map(|e| e.0), Ok("ann@example.com".to_owned()));
        }
        assert_eq!(Email::parse("ann@bücher.example").map(|e| e.0), Ok("ann@xn--bcher-kva.example".to_owned()));
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        for text in ["", "ann", "ann@", "@example.com", "a b@example.com", "ann@localhost", "a..b@example.com", &long] {
            assert!(Email::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn composition_is_a_switch() {
        let check = |composition, password: &str| {
            PasswordPolicy { composition }.check(&password.into(), None, |p| p == "password1!").is_ok()
        };
        assert!(check(true, "Correct-horse-7"));
        assert!(!check(true, "correct horse battery staple"));
        assert!(check(false, "correct horse battery staple"));
        assert!(!check(false, "short"));
        assert!(!check(false, &"a".repeat(129)));
        assert!(!check(true, "Password1!"), "common, whatever its case");
    }

    #[test]
    fn only_the_rules_that_are_broken_are_named() {
        let said = |password: &str| {
            PasswordPolicy { composition: true }.check(&password.into(), None, |_| false).err().unwrap_or_default()
        };
        assert_eq!(said("Correct-horse-7"), "");
        assert_eq!(said("Correct-horse"), "must contain a digit");
        assert_eq!(said("correcthorse"), "must contain an upper case letter, a digit and a special character");
        assert_eq!(said("Ab1!"), "must be at least 8 characters long");
        assert_eq!(said("ab1!"), "must be at least 8 characters long; must contain an upper case letter");
    }
}
