//! Passwords: the form they are compared in, and what a new one must be like.

use secrecy::{ExposeSecret as _, SecretString};
use unicode_normalization::UnicodeNormalization as _;

use super::Email;

/// A password. The same one is typed in many ways: keyboards compose letters and marks, or don't, and have several
/// spaces.
#[derive(Clone, Debug)]
pub struct Password {
    /// As it is compared (RFC 8265, OpaqueString): composed, with each kind of space as a plain one.
    form: SecretString,
    /// As it was sent, where that is something else.
    written: Option<SecretString>,
}

impl Password {
    /// A text of more bytes is too long a password in any form, and is left as it is.
    const MAX_BYTES: usize = 16 * PasswordPolicy::MAX_CHARS;

    /// As it is compared and hashed.
    pub fn form(&self) -> &SecretString {
        &self.form
    }

    /// The forms in which it may have been hashed, today's first.
    pub fn forms(&self) -> impl Iterator<Item = &SecretString> {
        [&self.form].into_iter().chain(&self.written)
    }

    /// Whether it has more characters than any password.
    pub fn is_too_long(&self) -> bool {
        self.form.expose_secret().chars().count() > PasswordPolicy::MAX_CHARS
    }
}

impl From<&str> for Password {
    fn from(written: &str) -> Self {
        if written.is_ascii() || written.len() > Self::MAX_BYTES {
            return Self { form: written.into(), written: None };
        }
        let plain = |c: char| if c.is_whitespace() && !c.is_control() { ' ' } else { c };
        let form: String = written.chars().map(plain).nfc().collect();
        let other = (form != written).then(|| written.into());
        Self { form: form.into(), written: other }
    }
}

/// What was sent is wiped from memory.
impl From<String> for Password {
    fn from(written: String) -> Self {
        Self::from(SecretString::from(written).expose_secret())
    }
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
        password: &Password,
        email: Option<&Email>,
        is_common: impl Fn(&str) -> bool,
    ) -> Result<(), String> {
        let password = password.form.expose_secret();
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
    fn a_password_has_one_form_however_it_is_typed() {
        let forms =
            |text: &str| Password::from(text).forms().map(|it| it.expose_secret().to_owned()).collect::<Vec<_>>();
        assert_eq!(forms("Caf\u{e9}-horse-7"), ["Caf\u{e9}-horse-7"]);
        assert_eq!(forms("Cafe\u{301}-horse-7"), ["Caf\u{e9}-horse-7", "Cafe\u{301}-horse-7"]);
        assert_eq!(forms("correct\u{a0}horse"), ["correct horse", "correct\u{a0}horse"]);
        assert_eq!(forms("Correct horse"), ["Correct horse"]);
    }

    #[test]
    fn a_password_is_as_long_as_its_form() {
        let check = |text: &str| PasswordPolicy { composition: false }.check(&text.into(), None, |_| false).is_ok();
        assert!(check(&"e\u{301}".repeat(128)));
        assert!(!check(&"e\u{301}".repeat(129)));
        assert!(!check(&"e\u{301}".repeat(7)));
        assert!(Password::from("\u{e9}".repeat(100_000).as_str()).is_too_long());
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
