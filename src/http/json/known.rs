//! What the schema of the document says of a body. Fields that it does not name are unknown: they are ignored, as clients
//! of the older service rely on, unless the client asks for an error (`Prefer: handling=strict`).

use poem_openapi::registry::{MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use serde_json::Value;

use super::mismatch::mismatches;
use super::schemas::{Schemas, field, has_fields};
use super::{MAX_FAULTS, escape};
use crate::domain::Violation;

/// The fields that a type has.
pub(super) struct Known {
    schemas: Registry,
    root: MetaSchemaRef,
}

impl Known {
    /// Those of `T`.
    pub fn of<T: Type>() -> Self {
        let mut schemas = Registry::new();
        T::register(&mut schemas);
        Self { schemas, root: T::schema_ref() }
    }

    /// The first `most` fields of `value` that are not known, each with its place.
    pub fn unknown_fields(&self, value: &Value, most: usize) -> Vec<Violation> {
        let mut found = Vec::new();
        visit(&Schemas(&self.schemas), &self.root, value, "", most, &mut found);
        found
    }

    /// The parts of `value` that are not of their types, as many as are named.
    pub fn mismatches(&self, value: &Value) -> Vec<Violation> {
        let mut found = Vec::new();
        mismatches(&Schemas(&self.schemas), &self.root, value, String::new(), &mut found);
        found.truncate(MAX_FAULTS);
        found
    }

    /// Whether the way from `value` to a place leads through a field that is not known.
    pub fn is_ignored(&self, mut value: &Value, place: &[String]) -> bool {
        let schemas = Schemas(&self.schemas);
        let mut schema = &self.root;
        for name in place {
            let parts = schemas.parts(schema, value);
            let next = match value {
                Value::Object(_) => field(&parts, name),
                _ => parts.iter().find_map(|part| part.items.as_deref()),
            };
            let Some(next) = next else { return has_fields(&parts) };
            schema = next;
            value = match value {
                Value::Object(fields) => fields.get(name),
                Value::Array(items) => name.parse().ok().and_then(|index: usize| items.get(index)),
                _ => None,
            }
            .unwrap_or(&Value::Null);
        }
        false
    }
}

fn visit<'a>(
    schemas: &Schemas<'a>,
    schema: &'a MetaSchemaRef,
    value: &Value,
    pointer: &str,
    most: usize,
    found: &mut Vec<Violation>,
) {
    if found.len() >= most {
        return;
    }
    let parts = schemas.parts(schema, value);
    match value {
        Value::Object(fields) if has_fields(&parts) => {
            for (name, value) in fields {
                let pointer = format!("{pointer}/{}", escape(name));
                match field(&parts, name) {
                    Some(schema) => visit(schemas, schema, value, &pointer, most, found),
                    None if found.len() == most => return,
                    None => found.push(Violation { pointer, detail: "is not a field of this".to_owned() }),
                }
            }
        }
        Value::Array(items) => {
            let Some(schema) = parts.iter().find_map(|part| part.items.as_deref()) else { return };
            for (index, item) in items.iter().enumerate() {
                visit(schemas, schema, item, &format!("{pointer}/{index}"), most, found);
            }
        }
        _ => {}
    }
}
