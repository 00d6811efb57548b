//! The fields of an artifact as they come in: what the document says of them is what the domain checks.

use poem_openapi::registry::MetaSchema;
use poem_openapi::types::{ParseFromParameter, ParseResult};
use serde::{Deserialize, Serialize};

use crate::domain::{ArtifactDescription, ArtifactName, ArtifactType, Tag, Tags};
use crate::http::types::schema;

/// A text, with its rules in the document. They are checked by the domain.
macro_rules! text_field {
    ($(#[$doc:meta])* $name:ident, $type_name:literal, $schema:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub(super) struct $name(pub String);

        schema!($name, $type_name, $schema);
    };
}

/// White space, which is trimmed. Spelt out, because every dialect of patterns means something else by `\s`.
const SPACE: &str = r"\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";
/// What a name must not contain.
const NOT_IN_NAMES: &str = r#"<>"'&\u0000-\u001f\u007f-\u009f"#;

text_field!(
    /// A name.
    NameText,
    "string_artifact_name",
    MetaSchema {
        min_length: Some(1),
        max_length: Some(ArtifactName::MAX_CHARS),
        pattern: Some(format!(
            "^[{SPACE}]*[^{NOT_IN_NAMES}{SPACE}]([^{NOT_IN_NAMES}]*[^{NOT_IN_NAMES}{SPACE}])?[{SPACE}]*$"
        )),
        ..MetaSchema::new("string")
    }
);
text_field!(
    /// A description.
    DescriptionText,
    "string_artifact_description",
    MetaSchema { max_length: Some(ArtifactDescription::MAX_CHARS), ..MetaSchema::new("string") }
);
text_field!(
    /// A tag. Letters, marks and digits are those of any script, which patterns say differently in every dialect.
    TagText,
    "string_artifact_tag",
    MetaSchema { max_length: Some(Tag::MAX_CHARS), ..MetaSchema::new("string") }
);
text_field!(
    /// What a tag begins with.
    TagPrefixText,
    "string_tag_prefix",
    MetaSchema { max_length: Some(Tag::MAX_CHARS), ..MetaSchema::new("string") }
);
text_field!(
    /// A type.
    TypeText,
    "string_artifact_type",
    MetaSchema {
        min_length: Some(1),
        max_length: Some(ArtifactType::MAX_CHARS),
        pattern: Some("^[a-z0-9_.-]+$".to_owned()),
        ..MetaSchema::new("string")
    }
);

impl ParseFromParameter for TypeText {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        Ok(Self(text.to_owned()))
    }
}

/// Tags to look for: each of these texts is one, or several separated by commas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct TagList(pub Vec<String>);

schema!(
    TagList,
    "list_string",
    MetaSchema { items: Some(Box::new(String::schema_ref())), max_items: Some(Tags::MAX), ..MetaSchema::new("array") }
);

impl ParseFromParameter for TagList {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        Ok(Self(vec![text.to_owned()]))
    }

    fn parse_from_parameters<I: IntoIterator<Item = A>, A: AsRef<str>>(texts: I) -> ParseResult<Self> {
        Ok(Self(texts.into_iter().map(|text| text.as_ref().to_owned()).collect()))
    }
}

text_field!(
    /// The names of what is counted, separated by commas.
    FacetNames,
    "string_facets",
    MetaSchema {
        pattern: Some("^(tags|artifact_type)(,(tags|artifact_type))*$".to_owned()),
        ..MetaSchema::new("string")
    }
);

impl ParseFromParameter for TagPrefixText {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        Ok(Self(text.to_owned()))
    }
}

impl ParseFromParameter for FacetNames {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        Ok(Self(text.to_owned()))
    }
}
