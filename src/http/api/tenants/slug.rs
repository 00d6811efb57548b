//! A slug in a query.

use poem_openapi::registry::MetaSchema;
use poem_openapi::types::{ParseFromParameter, ParseResult};
use serde::{Deserialize, Serialize};

use crate::domain::Slug;
use crate::http::types::schema;

/// A slug. It is checked by the handler, which answers 422.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct SlugText(pub String);

schema!(
    SlugText,
    "string_slug",
    MetaSchema { pattern: Some(format!("^[a-z0-9-]{{1,{}}}$", Slug::MAX_CHARS)), ..MetaSchema::new("string") }
);

impl ParseFromParameter for SlugText {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        Ok(Self(text.to_owned()))
    }
}
