//! What serde finds wrong with a body, for people: it names no type of ours. Most is said by the schema (`mismatch`); this
//! is what a schema can't say.

/// A place within the value that is wrong, as the end of a JSON Pointer, and what is wrong there.
pub(super) fn explain(message: &str) -> (String, String) {
    let message = without_place(message);
    let duplicate = message.strip_prefix("duplicate field `").and_then(|rest| rest.strip_suffix('`'));
    if let Some(field) = duplicate {
        return (format!("/{field}"), "is there more than once".to_owned());
    }
    let is_ours = message.starts_with("must ");
    let detail = if is_ours { message } else { "is not what it must be; the API's document says what it takes" };
    (String::new(), detail.to_owned())
}

/// What is wrong with a text that is no JSON, and where.
pub(super) fn syntax(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let (what, place) = message.split_at(without_place(&message).len());
    let what = match what {
        "expected ident" => "expected true, false or null".to_owned(),
        "expected value" => "expected a value".to_owned(),
        _ => what.replace("EOF while parsing", "it ends in"),
    };
    what + place
}

/// A message without line and column, which a pointer says better.
pub(super) fn without_place(message: &str) -> &str {
    message.rsplit_once(" at line ").map_or(message, |(message, _)| message)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn no_type_of_ours_is_named() {
        for (message, expected) in [
            ("duplicate field `count` at line 1 column 9", ("/count", "is there more than once")),
            ("must be true or false at line 1 column 9", ("", "must be true or false")),
            (
                "invalid type: map, expected struct CreateArtifactRequest",
                ("", "is not what it must be; the API's document says what it takes"),
            ),
        ] {
            let (place, detail) = explain(message);
            assert_eq!((place.as_str(), detail.as_str()), expected);
        }
    }

    #[test]
    fn what_is_no_json_is_explained_with_its_place() {
        for (text, expected) in [
            ("foo", "expected true, false or null at line 1 column 2"),
            ("{\"a\": }", "expected a value at line 1 column 7"),
            ("{\"a\": \"b", "it ends in a string at line 1 column 8"),
            ("{} {}", "trailing characters at line 1 column 4"),
        ] {
            let error = serde_json::from_str::<Value>(text).expect_err("an error");
            assert_eq!(syntax(&error), expected, "{text}");
        }
    }
}
