//! What entries of the change log say was done.

use std::borrow::Cow;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::ChangeKind;
use crate::http::types::schema;

/// What was done, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct ActionName(pub Cow<'static, str>);

schema!(ActionName, "AuditAction", MetaSchemaRef::Reference(ActionName::name().into_owned()), |registry| {
    registry.create_schema::<ActionName, _>(ActionName::name().into_owned(), |_| MetaSchema {
        description: Some("What was done. More may come."),
        enum_items: ChangeKind::ACTIONS.iter().map(|name| Value::from(*name)).collect(),
        ..MetaSchema::new("string")
    });
});
