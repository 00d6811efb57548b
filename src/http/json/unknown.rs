//! Fields that a body has and its schema does not. They are ignored, as clients of the older service rely on, unless the
//! client asks to be told (`Prefer: handling=strict`). The schema of the document decides, so what it does not name is
//! unknown.

use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use serde_json::Value;

use super::escape;
use crate::domain::Violation;

/// The fields of `value` that `T` does not have, each with its place.
pub(super) fn unknown_fields<T: Type>(value: &Value) -> Vec<Violation> {
    let mut registry = Registry::new();
    T::register(&mut registry);
    let mut found = Vec::new();
    visit(&Schemas(&registry), &T::schema_ref(), value, "", &mut found);
    found
}

struct Schemas<'a>(&'a Registry);

impl<'a> Schemas<'a> {
    fn resolve(&self, schema: &'a MetaSchemaRef) -> Option<&'a MetaSchema> {
        match schema {
            MetaSchemaRef::Inline(schema) => Some(schema),
            MetaSchemaRef::Reference(name) => self.0.schemas.get(name),
        }
    }

    /// The schemas that say together what an object has: one, or those it is made of; of a union, the one that the
    /// object's discriminator names.
    fn parts(&self, schema: &'a MetaSchemaRef, value: &Value) -> Vec<&'a MetaSchema> {
        let Some(schema) = self.resolve(schema) else { return Vec::new() };
        if let Some(discriminator) = &schema.discriminator {
            let name = value.get(discriminator.property_name).and_then(Value::as_str).unwrap_or_default();
            let is_named = |(mapped, _): &&(String, String)| mapped == name;
            let named = discriminator.mapping.iter().find(is_named);
            let schema = named.and_then(|(_, reference)| self.0.schemas.get(reference.rsplit('/').next()?));
            return schema.map_or_else(Vec::new, |schema| self.whole(schema, value));
        }
        self.whole(schema, value)
    }

    fn whole(&self, schema: &'a MetaSchema, value: &Value) -> Vec<&'a MetaSchema> {
        let mut parts = vec![schema];
        for part in &schema.all_of {
            parts.extend(self.parts(part, value));
        }
        parts
    }
}

fn visit<'a>(
    schemas: &Schemas<'a>,
    schema: &'a MetaSchemaRef,
    value: &Value,
    pointer: &str,
    found: &mut Vec<Violation>,
) {
    let parts = schemas.parts(schema, value);
    match value {
        Value::Object(fields) if parts.iter().any(|part| !part.properties.is_empty()) => {
            for (name, value) in fields {
                let pointer = format!("{pointer}/{}", escape(name));
                let known = parts.iter().flat_map(|part| &part.properties).find(|(known, _)| known == name);
                match known {
                    Some((_, schema)) => visit(schemas, schema, value, &pointer, found),
                    None => found.push(Violation { pointer, detail: "is not a field of this".to_owned() }),
                }
            }
        }
        Value::Array(items) => {
            let Some(schema) = parts.iter().find_map(|part| part.items.as_deref()) else { return };
            for (index, item) in items.iter().enumerate() {
                visit(schemas, schema, item, &format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}
