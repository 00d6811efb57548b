//! Parameters that several operations share are declared as one object: the document lists them by name.

use serde_json::{Value, json};

use super::for_each_operation;

/// Puts the properties of an object in a query string in the object's place.
pub(super) fn expand(document: &mut Value) {
    for_each_operation(document, |_, _, operation| {
        let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) else { return };
        *parameters = parameters.drain(..).flat_map(expanded).collect();
    });
}

fn expanded(parameter: Value) -> Vec<Value> {
    let is_object = parameter["in"] == "query" && parameter["schema"]["type"] == "object";
    match parameter["schema"]["properties"].as_object() {
        Some(properties) if is_object => properties.iter().map(|(name, schema)| in_query(name, schema)).collect(),
        _ => vec![parameter],
    }
}

/// A parameter of the query string from a property: its description is the parameter's.
fn in_query(name: &str, property: &Value) -> Value {
    let mut schema = property.clone();
    let description = take_description(&mut schema).unwrap_or_default();
    json!({
        "name": name, "schema": schema, "in": "query", "description": description,
        "required": false, "deprecated": false, "explode": true,
    })
}

/// Takes the description off a schema. A reference has it in an `allOf`, and is plain without.
fn take_description(schema: &mut Value) -> Option<String> {
    let object = schema.as_object_mut()?;
    let description = match object.get("allOf").and_then(Value::as_array).cloned() {
        Some(parts) => {
            *schema = parts.first()?.clone();
            parts.iter().find_map(|part| part.get("description").cloned())
        }
        None => object.shift_remove("description"),
    };
    // Written beside `///`, each line of it begins with a space.
    let description = description?;
    let lines = description.as_str()?.trim().lines().map(str::trim);
    Some(lines.collect::<Vec<_>>().join("\n"))
}
