//! What serde finds wrong with a body, for people: it names what was sent and what is expected, and no type of ours.

/// A place within the value that is wrong, as the end of a JSON Pointer, and what is wrong there.
pub(super) fn explain(message: &str) -> (String, String) {
    let message = without_place(message);
    if let Some(field) = quoted(message, "missing field `") {
        return (format!("/{field}"), "is required".to_owned());
    }
    if let Some(field) = quoted(message, "duplicate field `") {
        return (format!("/{field}"), "is there more than once".to_owned());
    }
    (String::new(), sentence(message))
}

/// A message without line and column, which a pointer says better.
pub(super) fn without_place(message: &str) -> &str {
    message.rsplit_once(" at line ").map_or(message, |(message, _)| message)
}

fn quoted<'a>(message: &'a str, start: &str) -> Option<&'a str> {
    message.strip_prefix(start)?.strip_suffix('`')
}

fn sentence(message: &str) -> String {
    if message.starts_with("must ") {
        return message.to_owned();
    }
    if message.contains("UUID") {
        return "must be a UUID, such as 01890000-0000-7000-8000-000000000000".to_owned();
    }
    let Some((found, expected)) = message.rsplit_once(", expected ") else {
        return "is not what it must be; the API's document says what it takes".to_owned();
    };
    if found.starts_with("unknown variant") {
        let names = expected.trim_start_matches("one of ").replace(" or ", ", ").replace('`', "");
        return format!("must be one of {names}");
    }
    let found = found.strip_prefix("invalid type: ").map_or("", kind);
    format!("must be {}{found}", wanted(expected))
}

/// What serde calls what it expects.
fn wanted(expected: &str) -> &'static str {
    let is_integer = |text: &str| {
        let bits = text.strip_prefix(['u', 'i']).unwrap_or_default();
        bits == "size" || bits.parse::<u8>().is_ok()
    };
    match expected {
        "a boolean" => "true or false",
        "a sequence" => "an array",
        "f32" | "f64" => "a number",
        _ if is_integer(expected) => "a whole number in range",
        _ if expected.contains("string") => "a string",
        _ => "an object",
    }
}

/// What serde calls what it found.
fn kind(found: &str) -> &'static str {
    match found.split([' ', '`']).next().unwrap_or_default() {
        "null" | "unit" => ", not null",
        "string" => ", not a string",
        "integer" | "floating" => ", not a number",
        "boolean" => ", not a boolean",
        "map" => ", not an object",
        "sequence" => ", not an array",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde::de::DeserializeOwned;
    use uuid::Uuid;

    use super::*;

    #[derive(Deserialize)]
    #[serde(tag = "op", rename_all = "lowercase")]
    #[expect(dead_code, reason = "only the messages matter")]
    enum Tagged {
        Make { name: String },
        Drop { id: Uuid },
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Plain {
        Owner,
        Admin,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only the messages matter")]
    struct Whole {
        count: u32,
    }

    fn said<T: DeserializeOwned>(json: &str) -> String {
        let error = serde_json::from_str::<T>(json).err().expect("an error").to_string();
        let (place, sentence) = explain(&error);
        format!("{place} {sentence}").trim_start().to_owned()
    }

    #[test]
    fn no_type_of_ours_is_named() {
        assert_eq!(said::<Whole>("7"), "must be an object, not a number");
        assert_eq!(said::<Whole>("{}"), "/count is required");
        assert_eq!(said::<Whole>(r#"{"count": 1, "count": 2}"#), "/count is there more than once");
        assert_eq!(said::<Whole>(r#"{"count": -1}"#), "must be a whole number in range");
        assert_eq!(said::<Whole>(r#"{"count": "1"}"#), "must be a whole number in range, not a string");
        assert_eq!(said::<Tagged>("{}"), "/op is required");
        assert_eq!(said::<Tagged>("7"), "must be an object, not a number");
        assert_eq!(said::<Tagged>(r#"{"op": "burn"}"#), "must be one of make, drop");
        assert_eq!(
            said::<Tagged>(r#"{"op": "drop", "id": "x"}"#),
            "must be a UUID, such as 01890000-0000-7000-8000-000000000000"
        );
        assert_eq!(said::<Plain>(r#""king, expected u64""#), "must be one of owner, admin");
        assert_eq!(said::<Plain>("7"), "is not what it must be; the API's document says what it takes");
        assert_eq!(said::<Vec<bool>>("[1]"), "must be true or false, not a number");
        assert_eq!(said::<Vec<bool>>("{}"), "must be an array, not an object");
        assert_eq!(said::<BTreeMap<String, bool>>("null"), "must be an object, not null");
        assert_eq!(said::<String>("null"), "must be a string, not null");
    }
}
