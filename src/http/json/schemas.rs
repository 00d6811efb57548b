//! Schemas of the document, as they apply to a value.

use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use serde_json::Value;

/// Whether a type says which fields an object has; without any, it may have all.
pub(super) fn has_fields(parts: &[&MetaSchema]) -> bool {
    parts.iter().any(|part| !part.properties.is_empty())
}

pub(super) fn field<'a>(parts: &[&'a MetaSchema], name: &str) -> Option<&'a MetaSchemaRef> {
    let known = parts.iter().flat_map(|part| &part.properties).find(|(known, _)| *known == name);
    known.map(|(_, schema)| schema)
}

/// All schemas, by name.
pub(super) struct Schemas<'a>(pub &'a Registry);

impl<'a> Schemas<'a> {
    /// A schema that may be named.
    pub fn resolve(&self, schema: &'a MetaSchemaRef) -> Option<&'a MetaSchema> {
        match schema {
            MetaSchemaRef::Inline(schema) => Some(schema),
            MetaSchemaRef::Reference(name) => self.0.schemas.get(name),
        }
    }

    /// The schemas that say together what an object has: one, or those it is made of; of a union, the one that the
    /// object's discriminator names.
    pub fn parts(&self, schema: &'a MetaSchemaRef, value: &Value) -> Vec<&'a MetaSchema> {
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
