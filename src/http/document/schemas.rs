//! Schemas as OpenAPI 3.0 means them, and as generators understand them.
//!
//! poem-openapi describes a reference by an `allOf` of it and its description; generators make a class of that, or give
//! up. A reference can't be called nullable, so what may be null stands in full. A union of objects is one of several
//! flat objects, distinguished by one of their fields.

use serde_json::{Map, Value, json};

use super::resolve;

pub(super) fn rewrite(document: &mut Value) {
    flatten_unions(document);
    let whole = document.clone();
    walk(document, &|schema| {
        simplify_reference(schema, &whole);
        widen_integer(schema);
        describe_defaults(schema);
        mark_nullable(schema);
    });
}

/// What nothing refers to any longer is no part of the document.
pub(super) fn remove_unused(document: &mut Value) {
    let text = document.to_string();
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else { return };
    schemas.retain(|name, _| text.contains(&format!("\"#/components/schemas/{name}\"")));
}

/// Visits every object in a document, innermost first.
fn walk(value: &mut Value, visit: &impl Fn(&mut Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(|value| walk(value, visit));
            visit(object);
        }
        Value::Array(items) => items.iter_mut().for_each(|value| walk(value, visit)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A reference beside its description becomes the plain reference; one that may be null becomes what it refers to.
fn simplify_reference(schema: &mut Map<String, Value>, document: &Value) {
    let Some(parts) = schema.get("allOf").and_then(Value::as_array) else { return };
    let mut references = parts.iter().filter(|part| part.get("$ref").is_some());
    let (Some(reference), None) = (references.next().cloned(), references.next()) else { return };
    if schema.get("nullable") != Some(&Value::Bool(true)) {
        *schema = Map::from_iter([("$ref".to_owned(), reference["$ref"].clone())]);
        return;
    }
    let mut whole = resolve(document, &reference).clone();
    walk(&mut whole, &|schema| simplify_reference(schema, document));
    let Value::Object(whole) = whole else { return };
    schema.remove("allOf");
    // Its title is its name: generators would declare it twice.
    for (name, value) in whole.into_iter().filter(|(name, _)| name != "title") {
        schema.entry(name).or_insert(value);
    }
}

/// Unsigned numbers have formats that no standard knows: they are signed ones with a least value.
fn widen_integer(schema: &mut Map<String, Value>) {
    let (format, most) = match schema.get("format").and_then(Value::as_str) {
        Some("uint16") => ("int32", json!(u16::MAX)),
        Some("uint32") => ("int64", json!(u32::MAX)),
        Some("uint64") => ("int64", json!(i64::MAX)),
        _ => return,
    };
    schema.insert("format".to_owned(), json!(format));
    schema.entry("minimum").or_insert(json!(0));
    schema.entry("maximum").or_insert(most);
}

/// What a property is when it is absent is said in words: of a default, generators make a property that has to be there,
/// or one that they always send.
fn describe_defaults(schema: &mut Map<String, Value>) {
    let required = schema.get("required").cloned().unwrap_or_default();
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    let is_required =
        |name: &str| required.as_array().is_some_and(|names| names.iter().any(|required| required == name));
    for (_, property) in properties.iter_mut().filter(|(name, _)| !is_required(name)) {
        let Some(property) = property.as_object_mut() else { continue };
        let Some(default) = property.shift_remove("default") else { continue };
        let description = property.get("description").and_then(Value::as_str).unwrap_or_default();
        let description = format!("{description} Without it: `{default}`.");
        property.insert("description".to_owned(), description.trim_start().into());
    }
}

/// Of alternatives one of which may be null, OpenAPI 3.0 says no more than that; openapi-generator refuses null unless it is
/// said of the whole as well, in a word of its own.
fn mark_nullable(schema: &mut Map<String, Value>) {
    let alternatives = schema.get("anyOf").and_then(Value::as_array);
    if alternatives.is_some_and(|any| any.iter().any(|schema| schema["nullable"] == true)) {
        schema.insert("x-nullable".to_owned(), true.into());
    }
}

/// Makes each member of a union with a discriminator one flat object, and the union one of them.
fn flatten_unions(document: &mut Value) {
    let whole = document.clone();
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else { return };
    let unions: Vec<String> = schemas
        .iter()
        .filter(|(_, schema)| schema.get("discriminator").is_some())
        .map(|(name, _)| name.clone())
        .collect();
    for union in unions {
        let members = schemas[&union]["discriminator"]["mapping"].as_object().cloned().unwrap_or_default();
        let mut mapping = Map::new();
        for (value, member) in members {
            let reference = json!({"$ref": member});
            let (name, flat) = flat(&whole, resolve(&whole, &reference));
            mapping.insert(value, json!(format!("#/components/schemas/{name}")));
            let nested = member.as_str().and_then(|member| member.rsplit('/').next()).unwrap_or_default();
            schemas.shift_remove(nested);
            schemas.insert(name, flat);
        }
        let one_of: Vec<Value> = mapping.values().map(|member| json!({"$ref": member})).collect();
        let Some(schema) = schemas.get_mut(&union).and_then(Value::as_object_mut) else { continue };
        schema.shift_remove("anyOf");
        schema.shift_remove("type");
        schema.insert("oneOf".to_owned(), one_of.into());
        schema["discriminator"]["mapping"] = mapping.into();
    }
}

/// The limits of texts, lists and maps in a schema.
const LIMITS: [&str; 6] = ["minLength", "maxLength", "pattern", "maxItems", "minItems", "maxProperties"];

/// An object that is made of others as one, and the name of the last of them. Its limits are left out: what breaks them
/// is one member of a list, and the result of that one, no reason to refuse the list. So is a null in the wrong place.
fn flat(document: &Value, schema: &Value) -> (String, Value) {
    let (mut name, mut required, mut properties) = (String::new(), Vec::new(), Map::new());
    let mut description = schema["description"].clone();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        let resolved = resolve(document, part);
        if let Some(reference) = part["$ref"].as_str() {
            name = reference.rsplit('/').next().unwrap_or_default().to_owned();
            description = resolved["description"].clone();
        }
        required.extend(resolved["required"].as_array().into_iter().flatten().cloned());
        properties
            .extend(resolved["properties"].as_object().into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())));
    }
    for (_, property) in properties.iter_mut().filter(|(name, _)| !required.contains(&json!(name))) {
        property["nullable"] = true.into();
    }
    let mut flat = json!({
        "type": "object", "description": description, "required": required, "properties": properties,
    });
    walk(&mut flat, &|schema| {
        schema.retain(|name, _| !LIMITS.contains(&name.as_str()));
        schema.get_mut("additionalProperties").into_iter().for_each(|values| *values = json!({}));
    });
    (name, flat)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(schemas: &Value) -> Value {
        let mut document = json!({"components": {"schemas": schemas}});
        rewrite(&mut document);
        document["components"]["schemas"].clone()
    }

    #[test]
    fn a_described_reference_is_a_reference() {
        let a = json!({"allOf": [{"$ref": "#/components/schemas/B"}, {"description": "x"}], "description": "x"});
        let schemas = rewritten(&json!({"A": {"properties": {"b": a}}, "B": {"type": "string"}}));
        assert_eq!(schemas["A"]["properties"]["b"], json!({"$ref": "#/components/schemas/B"}));
    }

    #[test]
    fn what_may_be_null_stands_in_full() {
        let a = json!({"type": "object", "nullable": true, "allOf": [{"$ref": "#/components/schemas/B"}], "description": "x"});
        let b = json!({"type": "object", "title": "B", "description": "y", "properties": {"c": {"type": "string"}}});
        let schemas = rewritten(&json!({"A": {"properties": {"b": a}}, "B": b}));
        let expected = json!({
            "type": "object", "nullable": true, "description": "x", "properties": {"c": {"type": "string"}},
        });
        assert_eq!(schemas["A"]["properties"]["b"], expected);
    }

    #[test]
    fn a_union_is_one_of_flat_objects() {
        let union = json!({
            "type": "object", "anyOf": [{"$ref": "#/components/schemas/U_M"}],
            "discriminator": {"propertyName": "op", "mapping": {"m": "#/components/schemas/U_M"}},
        });
        let part =
            json!({"type": "object", "required": ["op"], "properties": {"op": {"type": "string", "enum": ["m"]}}});
        let member = json!({"allOf": [part, {"$ref": "#/components/schemas/M"}]});
        let plain =
            json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "format": "uint64"}}});
        let schemas = rewritten(&json!({"U": union, "U_M": member, "M": plain}));
        assert_eq!(schemas["U"]["oneOf"], json!([{"$ref": "#/components/schemas/M"}]));
        assert_eq!(schemas["U"]["discriminator"]["mapping"], json!({"m": "#/components/schemas/M"}));
        assert_eq!(schemas.get("U_M"), None);
        assert_eq!(schemas["M"]["required"], json!(["op", "a"]));
        let number = json!({"type": "integer", "format": "int64", "minimum": 0, "maximum": i64::MAX});
        assert_eq!(schemas["M"]["properties"]["a"], number);
    }
}
