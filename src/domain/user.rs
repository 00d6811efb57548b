//! Accounts: the address and the name.

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::text::validated_text;
use super::{Field, KnownNetworks, Timestamp, UserId, Violations, one_line};

validated_text!(Email, PersonName);

/// An e-mail address: lower case, domain in IDNA (ASCII) form. Accounts are stored under the [`Self::composed`] form, but for
/// some from before there was one.
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
        let is_atom = |c: char| c.is_alphanumeric() || is_combining_mark(c) || "!#$%&'*+/=?^_`{|}~-".contains(c);
        let is_dot_atom = local
            .split('.')
            .all(|atom| !atom.is_empty() && !atom.starts_with(is_combining_mark) && atom.chars().all(is_atom));
        if local.len() > 64 || !is_dot_atom || !domain.contains('.') {
            return Err(invalid());
        }
        let normalised = format!("{}@{domain}", local.to_lowercase());
        if normalised.len() > Self::MAX_LEN {
            return Err(format!("must be at most {} characters", Self::MAX_LEN));
        }
        Ok(Self(normalised))
    }

    /// The same address with its letters and marks composed (NFC), however they were typed.
    pub fn composed(&self) -> Self {
        Self(if self.0.is_ascii() { self.0.clone() } else { self.0.nfc().collect() })
    }
}

/// Addresses are personal data: they don't show in debug output, which ends up in logs.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

/// A first or last name: one line of up to 100 characters after trimming.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonName(String);

impl PersonName {
    /// The longest name, in characters.
    pub const MAX_CHARS: usize = 100;

    /// Trims and checks a name; an empty one is none.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        one_line::parse(text, Self::MAX_CHARS).map(|name| Some(Self(name)))
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
    /// Whether its sessions may operate the server.
    pub is_operator: bool,
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

/// What somebody is called from now on.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct NameChange {
    /// Given name.
    pub first: Field<PersonName>,
    /// Family name.
    pub last: Field<PersonName>,
}

impl NameChange {
    /// Checks names as they were typed. An empty one is none.
    pub fn check(first: Field<String>, last: Field<String>) -> Result<Self, Violations> {
        Violations::check(|check| {
            let first = check.field("/first_name", named(first));
            let last = check.field("/last_name", named(last));
            Some(Self { first: first?, last: last? })
        })
    }

    /// Changes the names of an account.
    pub fn apply(&self, user: &mut User) {
        for (change, name) in [(&self.first, &mut user.first_name), (&self.last, &mut user.last_name)] {
            match change {
                Field::Keep => {}
                Field::Clear => *name = None,
                Field::Set(new) => *name = Some(new.clone()),
            }
        }
    }
}

fn named(typed: Field<String>) -> Result<Field<PersonName>, String> {
    Ok(match typed {
        Field::Keep => Field::Keep,
        Field::Clear => Field::Clear,
        Field::Set(text) => PersonName::parse(&text)?.map_or(Field::Clear, Field::Set),
    })
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
}
