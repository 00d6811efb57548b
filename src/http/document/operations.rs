//! What all operations have in common: headers that middlewares read and write, and the order in which people read.

use serde_json::{Map, Value, json};

use super::{for_each_operation, resolve};
use crate::http::middleware::MAX_KEY;
use crate::operations::Operation;

/// The groups in the order in which somebody who begins needs them.
const TAGS: [&str; 7] = ["Auth", "Workspaces", "Members", "Artifacts", "API keys", "Audit", "System"];

/// Headers whose name is written otherwise than with a capital at the beginning of each word.
const SPELT: [(&str, &str); 3] =
    [("etag", "ETag"), ("www-authenticate", "WWW-Authenticate"), ("x-request-id", "X-Request-ID")];

/// What poem-openapi, and our `Json` with it, says of an answer that has no description of its own.
const UNDESCRIBED: &str = "Success";

pub(super) fn rewrite(document: &mut Value) {
    if let Some(tags) = document["tags"].as_array_mut() {
        let place = |tag: &Value| TAGS.iter().position(|name| tag["name"] == *name).unwrap_or(TAGS.len());
        tags.sort_by_key(place);
    }
    let whole = document.clone();
    for_each_operation(document, |method, _, operation| {
        let known = operation["operationId"].as_str().and_then(Operation::by_id);
        if known.is_some_and(|known| known.row().takes_key(method)) {
            add_idempotency_key(operation);
        }
        add_internal_error(operation);
        let summary = operation["summary"].as_str().unwrap_or_default().to_owned();
        for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
            add_headers(status, response);
            describe(&whole, response, &summary);
        }
    });
}

fn add_idempotency_key(operation: &mut Value) {
    let parameter = json!({
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The same key with the same body is carried out once, and answered alike for a day.",
        "required": false,
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": "^[!-~]+$"},
    });
    if let Some(operation) = operation.as_object_mut() {
        let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
        parameters.as_array_mut().into_iter().for_each(|list| list.push(parameter.clone()));
    }
}

/// What can be overloaded can fail as well: a row that can't be read, or a fault of ours.
fn add_internal_error(operation: &mut Value) {
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    let Some(schema) =
        responses.get("503").and_then(|answer| answer.pointer("/content/application~1problem+json/schema"))
    else {
        return;
    };
    let answer = json!({
        "description": "Something went wrong here, or what was asked for is stored but can't be read",
        "content": {"application/problem+json": {"schema": schema}},
    });
    responses.entry("500").or_insert(answer);
    responses.sort_keys();
}

/// Writes headers as the standards do, and declares those that a middleware or a problem adds.
fn add_headers(status: &str, response: &mut Value) {
    let Some(response) = response.as_object_mut() else { return };
    let mut headers = Map::new();
    for (name, header) in response.get("headers").and_then(Value::as_object).cloned().unwrap_or_default() {
        headers.insert(canonical(&name), header);
    }
    let mut add = |name: &str, description: &str| {
        let schema = json!({"type": "integer", "format": "int64", "minimum": 0, "maximum": u32::MAX});
        let header = json!({"description": description, "schema": schema, "required": true});
        headers.entry(name).or_insert(header);
    };
    if matches!(status, "429" | "503" | "507") {
        add("Retry-After", "Seconds to wait before trying again.");
    }
    // A 503 may come before the request counts, and ogen makes nothing that compiles of headers that need not be there.
    if status == "429" {
        add("RateLimit-Limit", "How many requests there may be.");
        add("RateLimit-Remaining", "How many of them are left.");
        add("RateLimit-Reset", "Seconds until all of them may be made again.");
    }
    if !headers.is_empty() {
        response.insert("headers".to_owned(), headers.into());
    }
}

fn canonical(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    if let Some((_, spelt)) = SPELT.into_iter().find(|(name, _)| *name == lower) {
        return spelt.to_owned();
    }
    let words = lower.split('-').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        format!("{}{rest}", first.to_ascii_uppercase())
    });
    words.collect::<Vec<_>>().join("-")
}

/// Says of an answer that nothing is said of what its schema is described by.
fn describe(document: &Value, response: &mut Value, summary: &str) {
    if response["description"] == "" {
        response["description"] = format!("Answers: {summary}").into();
    }
    if response["description"] != UNDESCRIBED {
        return;
    }
    let Some(content) = response["content"].as_object().and_then(|content| content.values().next()) else { return };
    let schema = resolve(document, &content["schema"]);
    let items = resolve(document, &schema["items"]);
    let described = |schema: &Value| schema["description"].as_str().map(|text| text.trim_end_matches('.').to_owned());
    let text = described(schema).or_else(|| described(items).map(|text| format!("A list; each item: {text}")));
    if let Some(text) = text {
        response["description"] = text.into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_written_as_the_standards_do() {
        for name in ["ETag", "Location", "Retry-After", "X-Total-Count", "Link", "WWW-Authenticate", "X-Request-ID"] {
            assert_eq!(canonical(&name.to_uppercase()), name);
        }
    }
}
