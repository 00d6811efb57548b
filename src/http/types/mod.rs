//! How the domain's types look in the OpenAPI document.

mod flag;
mod level;
mod number;
mod time;

use std::collections::BTreeMap;

use poem_openapi::Enum;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{MaybeUndefined, ParseFromParameter, ParseResult, Type as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) use self::flag::Flag;
pub(super) use self::level::LevelName;
pub(super) use self::number::{Limit, Offset, within};
pub(super) use self::time::Time;
use crate::domain::{Field, MetadataValue, Role, Scope, SearchText, Sort};

/// Gives a type its schema, and the JSON side that `Object` asks for but our own JSON payload does not use.
macro_rules! schema {
    ($name:ident, $type_name:literal, $schema:expr) => {
        schema!(
            $name,
            $type_name,
            ::poem_openapi::registry::MetaSchemaRef::Inline(Box::new($schema)),
            |_: &mut ::poem_openapi::registry::Registry| ()
        );
    };
    ($name:ident, $type_name:literal, $schema_ref:expr, $register:expr) => {
        impl ::poem_openapi::types::Type for $name {
            const IS_REQUIRED: bool = true;

            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> ::std::borrow::Cow<'static, str> {
                $type_name.into()
            }

            fn schema_ref() -> ::poem_openapi::registry::MetaSchemaRef {
                $schema_ref
            }

            fn register(registry: &mut ::poem_openapi::registry::Registry) {
                let register: fn(&mut ::poem_openapi::registry::Registry) = $register;
                register(registry);
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(std::iter::once(self))
            }
        }

        impl ::poem_openapi::types::ParseFromJSON for $name {
            fn parse_from_json(value: Option<::serde_json::Value>) -> ::poem_openapi::types::ParseResult<Self> {
                serde_json::from_value(value.unwrap_or_default()).map_err(::poem_openapi::types::ParseError::custom)
            }
        }

        impl ::poem_openapi::types::ToJSON for $name {
            fn to_json(&self) -> Option<::serde_json::Value> {
                serde_json::to_value(self).ok()
            }
        }
    };
}

pub(super) use schema;

schema!(MetadataValue, "MetadataValue", metadata_value(), register_metadata_value);

/// One value of an artifact's metadata as it was sent, unchecked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct RawMetadataValue(pub Value);

schema!(RawMetadataValue, "MetadataValue", metadata_value(), register_metadata_value);

impl RawMetadataValue {
    /// Each value as the domain takes it.
    pub(super) fn into_map(pairs: BTreeMap<String, Self>) -> BTreeMap<String, Value> {
        pairs.into_iter().map(|(key, Self(value))| (key, value)).collect()
    }
}

fn metadata_value() -> MetaSchemaRef {
    MetaSchemaRef::Reference(MetadataValue::name().into_owned())
}

fn register_metadata_value(registry: &mut Registry) {
    let boolean = MetaSchema { nullable: true, ..MetaSchema::new("boolean") };
    let string = MetaSchema { max_length: Some(MetadataValue::MAX_CHARS), ..MetaSchema::new("string") };
    let alternatives = [boolean, MetaSchema::new("number"), string];
    registry.create_schema::<MetadataValue, _>(MetadataValue::name().into_owned(), |_| MetaSchema {
        description: Some("Null, a boolean, a number or a string. A whole number must fit in 64 bits."),
        any_of: alternatives.map(|schema| MetaSchemaRef::Inline(Box::new(schema))).into(),
        ..MetaSchema::ANY
    });
}

/// Text to search for. Its length is checked by the handler, which answers 422 and names the parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct SearchParameter(pub String);

schema!(SearchParameter, "search", MetaSchema { max_length: Some(SearchText::MAX_CHARS), ..MetaSchema::new("string") });

impl ParseFromParameter for SearchParameter {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        Ok(Self(text.to_owned()))
    }
}

impl SearchParameter {
    /// The text, if it is as short as it has to be.
    pub(super) fn checked(parameter: Option<Self>) -> Result<Option<String>, String> {
        at_most(parameter.map(|Self(text)| text), SearchText::MAX_CHARS)
    }
}

/// A text, if it has no more characters than these.
pub(super) fn at_most(text: Option<String>, most: usize) -> Result<Option<String>, String> {
    match text {
        Some(text) if text.chars().count() > most => Err(format!("must be at most {most} characters")),
        text => Ok(text),
    }
}

/// The order of a list, by name. It is checked by the handler, which answers 422.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct SortName(pub String);

schema!(
    SortName,
    "string_sort",
    MetaSchema { enum_items: Sort::NAMES.into_iter().map(Value::from).collect(), ..MetaSchema::new("string") }
);

impl ParseFromParameter for SortName {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        Ok(Self(text.to_owned()))
    }
}

/// What a partial update says of a field.
pub(super) fn field<T>(value: MaybeUndefined<T>) -> Field<T> {
    match value {
        MaybeUndefined::Undefined => Field::Keep,
        MaybeUndefined::Null => Field::Clear,
        MaybeUndefined::Value(value) => Field::Set(value),
    }
}

/// A member's role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename = "Role", rename_all = "lowercase")]
pub(super) enum RoleName {
    Owner,
    Admin,
    Member,
}

impl From<Role> for RoleName {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Admin => Self::Admin,
            Role::Member => Self::Member,
        }
    }
}

impl From<RoleName> for Role {
    fn from(role: RoleName) -> Self {
        match role {
            RoleName::Owner => Self::Owner,
            RoleName::Admin => Self::Admin,
            RoleName::Member => Self::Member,
        }
    }
}

/// What an API key may be made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Enum)]
#[oai(rename = "Scope")]
pub(super) enum ScopeName {
    #[serde(rename = "artifacts:read")]
    #[oai(rename = "artifacts:read")]
    ReadArtifacts,
    #[serde(rename = "artifacts:write")]
    #[oai(rename = "artifacts:write")]
    WriteArtifacts,
}

impl From<Scope> for ScopeName {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::ReadArtifacts => Self::ReadArtifacts,
            Scope::WriteArtifacts => Self::WriteArtifacts,
        }
    }
}

impl From<ScopeName> for Scope {
    fn from(scope: ScopeName) -> Self {
        match scope {
            ScopeName::ReadArtifacts => Self::ReadArtifacts,
            ScopeName::WriteArtifacts => Self::WriteArtifacts,
        }
    }
}
