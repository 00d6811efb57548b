//! Fields that a body has and its schema does not. They are ignored, as clients of the older service rely on, unless the
//! client asks for an error (`Prefer: handling=strict`). The schema of the document decides, so what it does not name is
//! unknown.

use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use serde_json::Value;

use super::escape;
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

/// Whether a type says which fields an object has; without any, it may have all.
fn has_fields(parts: &[&MetaSchema]) -> bool {
    parts.iter().any(|part| !part.properties.is_empty())
}

fn field<'a>(parts: &[&'a MetaSchema], name: &str) -> Option<&'a MetaSchemaRef> {
    let known = parts.iter().flat_map(|part| &part.properties).find(|(known, _)| *known == name);
    known.map(|(_, schema)| schema)
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
