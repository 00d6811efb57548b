//! Yes or no in query strings.

use poem_openapi::registry::MetaSchema;
use poem_openapi::types::{ParseError, ParseFromParameter, ParseResult};
use serde::{Deserialize, Serialize};

use super::schema;

/// Yes or no, as JavaScript, Python and the older service's parser write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::http) struct Flag(pub bool);

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
            _ => Err(ParseError::custom("must be true or false")),
        }
    }
}
