//! The checks that sections share.

use std::{
    fmt::{self, Display},
    marker::PhantomData,
    ops::RangeInclusive,
    str::FromStr,
};

use secrecy::{ExposeSecret, SecretString};
use serde::{
    Deserialize, Deserializer,
    de::{Error, IntoDeserializer, SeqAccess, Visitor, value::StringDeserializer},
};

/// The longest time a setting in seconds may give: ten years, so that adding it to a date never overflows.
const LONGEST_SECONDS: u64 = 10 * 365 * 24 * 60 * 60;

/// The shortest bearer token that can't be tried out.
const SHORTEST_TOKEN: usize = 16;

/// A setting with a value of the right type that still won't do.
#[derive(Debug)]
pub(super) struct Unfit {
    /// The setting, as `section.key`.
    pub key: &'static str,
    /// What was expected.
    pub problem: String,
}

/// Whether a setting will do.
pub(super) type Checked = Result<(), Unfit>;

/// `problem` with `key`, unless `fit`.
pub(super) fn ensure(key: &'static str, fit: bool, problem: impl Into<String>) -> Checked {
    if fit { Ok(()) } else { Err(Unfit { key, problem: problem.into() }) }
}

/// Refuses a number outside `range`, and NaN.
pub(super) fn within<T: Copy + PartialOrd + Display>(key: &'static str, value: T, range: RangeInclusive<T>) -> Checked {
    ensure(key, range.contains(&value), format!("expected {} to {}", range.start(), range.end()))
}

/// Refuses a timeout or lifetime that is zero or absurdly long.
pub(super) fn seconds(key: &'static str, value: u64) -> Checked {
    within(key, value, 1..=LONGEST_SECONDS)
}

/// Refuses a bearer token that could be tried out, or not be sent.
pub(super) fn token(key: &'static str, token: Option<&SecretString>) -> Checked {
    let fit = token
        .map(ExposeSecret::expose_secret)
        .is_none_or(|token| token.len() >= SHORTEST_TOKEN && token.bytes().all(|byte| byte.is_ascii_graphic()));
    let expected =
        "expected 16 or more letters, digits and signs without a space; `openssl rand -hex 32` makes a good one";
    ensure(key, fit, expected)
}

/// Refuses an empty text, and one of several lines.
pub(super) fn one_line(key: &'static str, value: &str) -> Checked {
    ensure(key, !value.trim().is_empty() && !value.contains(char::is_control), "expected one line of text")
}

/// Deserializes an enum from its name only; the configuration reader would also take a variant's index.
pub(super) fn by_name<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    let name: StringDeserializer<D::Error> = String::deserialize(deserializer)?.into_deserializer();
    T::deserialize(name)
}

/// As [`by_name`], for a setting that may be missing.
pub(super) fn some_by_name<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    by_name(deserializer).map(Some)
}

/// Deserializes a value from its text, telling what was `expected` when it can't be parsed.
pub(super) fn parse<'de, D: Deserializer<'de>, T: FromStr>(deserializer: D, expected: &str) -> Result<T, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(|_| D::Error::custom(format!("expected {expected}")))
}

/// Deserializes a list of values from their texts; from the environment, as one text with commas between them.
pub(super) fn list<'de, D: Deserializer<'de>, T: FromStr>(
    deserializer: D,
    expected: &'static str,
) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_any(List { expected, of: PhantomData })
}

struct List<T> {
    expected: &'static str,
    of: PhantomData<T>,
}

impl<T: FromStr> List<T> {
    fn item<E: Error>(&self, text: &str) -> Result<T, E> {
        text.trim().parse().map_err(|_| E::custom(format!("expected {}", self.expected)))
    }
}

impl<'de, T: FromStr> Visitor<'de> for List<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<T>, E> {
        text.split(',').filter(|item| !item.trim().is_empty()).map(|item| self.item(item)).collect()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(text) = items.next_element::<String>()? {
            list.push(self.item(&text)?);
        }
        Ok(list)
    }
}

/// The names that are wanted, with commas between, or `none`.
pub(super) fn names_or_none<const N: usize>(names: [(bool, &'static str); N]) -> String {
    let names: Vec<_> = names.into_iter().filter_map(|(wanted, name)| wanted.then_some(name)).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(",") }
}
