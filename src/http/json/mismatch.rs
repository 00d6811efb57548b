//! What in a body is not of the type that the document says, for people: it names what was sent and what is expected.

use std::cmp::Ordering;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::schemas::{Schemas, field};
use super::{MAX_FAULTS, escape};
use crate::domain::Violation;
use crate::http::types::Flag;

/// Adds the parts of `value`, which is at `pointer`, that its schema does not allow to those found, up to the most that are
/// named. Lengths and the like are checked by the domain.
pub(super) fn mismatches(
    schemas: &Schemas<'_>,
    schema: &MetaSchemaRef,
    value: &Value,
    pointer: String,
    found: &mut Vec<Violation>,
) {
    let Some(whole) = schemas.resolve(schema).filter(|_| found.len() < MAX_FAULTS) else { return };
    if value.is_null() && whole.nullable {
        return;
    }
    if let Some(discriminator) = &whole.discriminator {
        let names: Vec<&str> = discriminator.mapping.iter().map(|(name, _)| name.as_str()).collect();
        if let Some(wrong) = unnamed(value, discriminator.property_name, &names, &pointer) {
            return found.push(wrong);
        }
    }
    let parts = schemas.parts(schema, value);
    if let Some(detail) = parts.iter().find_map(|part| wrong(part, value)) {
        return found.push(Violation { pointer, detail });
    }
    match value {
        Value::Object(fields) => in_fields(schemas, &parts, fields, &pointer, found),
        Value::Array(items) => {
            let Some(schema) = parts.iter().find_map(|part| part.items.as_deref()) else { return };
            for (index, item) in items.iter().enumerate() {
                if found.len() >= MAX_FAULTS {
                    return;
                }
                mismatches(schemas, schema, item, format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// What is wrong with the field of a union's value that says which of the union's types it is of.
fn unnamed(value: &Value, tag: &str, names: &[&str], pointer: &str) -> Option<Violation> {
    let Some(fields) = value.as_object() else {
        return Some(Violation { pointer: pointer.to_owned(), detail: not("an object", value) });
    };
    let detail = match fields.get(tag) {
        None => "is required".to_owned(),
        Some(Value::String(name)) if names.contains(&name.as_str()) => return None,
        Some(other) => not_one_of(&names.join(", "), other),
    };
    Some(Violation { pointer: format!("{pointer}/{tag}"), detail })
}

fn in_fields(
    schemas: &Schemas<'_>,
    parts: &[&MetaSchema],
    fields: &Map<String, Value>,
    pointer: &str,
    found: &mut Vec<Violation>,
) {
    let required = parts.iter().flat_map(|part| &part.required);
    for missing in required.filter(|name| !fields.contains_key(**name)) {
        found.push(Violation { pointer: format!("{pointer}/{missing}"), detail: "is required".to_owned() });
    }
    let others = parts.iter().find_map(|part| part.additional_properties.as_deref());
    for (name, value) in fields {
        let Some(schema) = field(parts, name).or(others) else { continue };
        mismatches(schemas, schema, value, format!("{pointer}/{}", escape(name)), found);
    }
}

/// What is wrong with a value by itself.
fn wrong(schema: &MetaSchema, value: &Value) -> Option<String> {
    if !schema.enum_items.is_empty() {
        let names = schema.enum_items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
        let is_one = schema.enum_items.contains(value);
        return (!is_one).then(|| not_one_of(&names.collect::<Vec<_>>().join(", "), value));
    }
    match (schema.ty, value) {
        ("string", Value::String(text)) if schema.format == Some("uuid") && Uuid::try_parse(text).is_err() => {
            Some("must be a UUID, such as 01890000-0000-7000-8000-000000000000".to_owned())
        }
        ("integer", Value::Number(number)) => {
            let is_unsigned = schema.format.is_some_and(|format| format.starts_with("uint"));
            let fits = if is_unsigned { number.is_u64() } else { number.is_i64() || number.is_u64() };
            let least = schema.minimum.zip(number.as_f64());
            let is_less = least.is_some_and(|(least, number)| number.total_cmp(&least) == Ordering::Less);
            (!fits || is_less).then(|| "must be a whole number in range".to_owned())
        }
        ("string", Value::String(_))
        | ("number", Value::Number(_))
        | ("array", Value::Array(_))
        | ("object", Value::Object(_)) => None,
        ("string", other) => Some(not(text(schema.format), other)),
        ("integer", other) => Some(not("a whole number in range", other)),
        ("number", other) => Some(not("a number", other)),
        ("boolean", other) if serde_json::from_value::<Flag>(other.clone()).is_ok() => None,
        ("boolean", other) => Some(not("true or false", other)),
        ("array", other) => Some(not("an array", other)),
        ("object", other) => Some(not("an object", other)),
        _ => None,
    }
}

/// What a string of a format says.
fn text(format: Option<&str>) -> &'static str {
    match format {
        Some("date-time") => "a string with a time",
        Some("uuid") => "a string with a UUID",
        _ => "a string",
    }
}

fn not(expected: &str, found: &Value) -> String {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    format!("must be {expected}, not {found}")
}

/// What is not one of several names.
fn not_one_of(names: &str, found: &Value) -> String {
    if found.is_string() {
        return format!("must be one of {names}");
    }
    format!("{}: one of {names}", not("a string", found))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use poem_openapi::types::{MaybeUndefined, Type};
    use poem_openapi::{Enum, Object, Union};
    use serde_json::{Value, json};

    use super::*;
    use crate::http::json::known::Known;

    #[derive(Enum)]
    #[oai(rename_all = "lowercase")]
    enum Plain {
        Owner,
        Admin,
    }

    #[derive(Object)]
    struct Whole {
        count: u32,
        #[oai(nullable)]
        role: MaybeUndefined<Plain>,
        #[oai(default)]
        flags: Vec<bool>,
        #[oai(default)]
        by_name: BTreeMap<String, Uuid>,
    }

    #[derive(Object)]
    struct Drop {
        id: Uuid,
    }

    #[derive(Union)]
    #[oai(discriminator_name = "op", rename_all = "lowercase")]
    enum Tagged {
        Keep(Whole),
        Drop(Drop),
    }

    fn said<T: Type>(value: &Value) -> String {
        let wrong = Known::of::<T>().mismatches(value).into_iter();
        let said = wrong.map(|Violation { pointer, detail }| format!("{pointer} {detail}").trim().to_owned());
        said.collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn the_place_and_what_it_takes_are_named() {
        const UUID: &str = "must be a UUID, such as 01890000-0000-7000-8000-000000000000";
        for (value, expected) in [
            (json!({"count": 1, "role": null, "flags": [true], "by_name": {}, "more": 1}), String::new()),
            (json!(7), "must be an object, not a number".to_owned()),
            (json!([]), "must be an object, not an array".to_owned()),
            (json!({}), "/count is required".to_owned()),
            (json!({"count": -1}), "/count must be a whole number in range".to_owned()),
            (json!({"count": 1.5}), "/count must be a whole number in range".to_owned()),
            (json!({"count": "1"}), "/count must be a whole number in range, not a string".to_owned()),
            (json!({"count": 1, "role": 5}), "/role must be a string, not a number: one of owner, admin".to_owned()),
            (json!({"count": 1, "role": "king"}), "/role must be one of owner, admin".to_owned()),
            (json!({"count": 1, "flags": ["True", "x"]}), "/flags/1 must be true or false, not a string".to_owned()),
            (json!({"count": 1, "flags": {}}), "/flags must be an array, not an object".to_owned()),
            (json!({"count": 1, "by_name": {"a/b": "x"}}), format!("/by_name/a~1b {UUID}")),
            (
                json!({"flags": [7, true, null], "by_name": 1, "more": 1}),
                "/count is required; /flags/0 must be true or false, not a number; /flags/2 must be true or false, not null; \
                 /by_name must be an object, not a number"
                    .to_owned(),
            ),
        ] {
            assert_eq!(said::<Whole>(&value), expected, "{value}");
        }
    }

    #[test]
    fn no_more_faults_are_named_than_may_be() {
        let flags: Vec<u8> = vec![7; 1000];
        assert_eq!(Known::of::<Whole>().mismatches(&json!({"count": 1, "flags": flags})).len(), MAX_FAULTS);
    }

    #[test]
    fn of_a_union_the_name_of_its_type_is_looked_at_first() {
        for (value, expected) in [
            (json!({"op": "drop", "id": "01890000-0000-7000-8000-000000000000"}), ""),
            (json!([]), "must be an object, not an array"),
            (json!({}), "/op is required"),
            (json!({"op": null}), "/op must be a string, not null: one of keep, drop"),
            (json!({"op": "burn"}), "/op must be one of keep, drop"),
            (json!({"op": "drop"}), "/id is required"),
            (json!({"op": "drop", "id": 7}), "/id must be a string with a UUID, not a number"),
        ] {
            assert_eq!(said::<Tagged>(&value), expected, "{value}");
        }
    }
}
