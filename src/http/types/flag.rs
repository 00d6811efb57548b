//! Yes or no.

use std::fmt;

use poem_openapi::registry::MetaSchema;
use poem_openapi::types::{ParseError, ParseFromParameter, ParseResult};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::schema;

/// Yes or no, as JavaScript, Python and the older service's parser write it in query strings. In bodies it may be the text
/// `true` or `false`, in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub(in crate::http) struct Flag(pub bool);

const WRONG: &str = "must be true or false";

schema!(Flag, "boolean", MetaSchema::new("boolean"));

impl Flag {
    /// Whether it was sent and is yes.
    pub(in crate::http) fn is_set(flag: Option<Self>) -> bool {
        flag.is_some_and(|flag| flag.0)
    }
}

impl ParseFromParameter for Flag {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "y" | "on" | "t" => Ok(Self(true)),
            "false" | "0" | "no" | "n" | "off" | "f" => Ok(Self(false)),
            _ => Err(ParseError::custom(WRONG)),
        }
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Words)
    }
}

struct Words;

impl Visitor<'_> for Words {
    type Value = Flag;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a boolean")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Flag, E> {
        Ok(Flag(flag))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Flag, E> {
        text.to_ascii_lowercase().parse().map(Flag).map_err(|_| E::custom(WRONG))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_as_clients_write_them() {
        for (json, expected) in [
            ("true", Some(true)),
            ("\"True\"", Some(true)),
            ("\"false\"", Some(false)),
            ("false", Some(false)),
            ("\"0\"", None),
            ("1", None),
            ("0", None),
            ("\"\"", None),
            ("\"maybe\"", None),
            ("null", None),
            ("[]", None),
        ] {
            assert_eq!(serde_json::from_str::<Flag>(json).ok(), expected.map(Flag), "{json}");
        }
    }
}
