//! An example of every answer, made from its schema: what a field is called says what it may look like.

use serde_json::{Map, Value, json};

use super::{for_each_operation, resolve};

/// What fields look like, by name; the others look as their type does.
const FIELDS: [(&str, &str); 38] = [
    ("access_token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMTg5In0.c2lnbmF0dXJl"),
    ("artifact_type", "service"),
    ("code", "validation_failed"),
    ("description", "Charges customers and sends receipts"),
    ("detail", "Invalid input: name: must be 1 to 255 characters."),
    ("docs", "/docs"),
    ("email", "ada@example.com"),
    ("environment", "production"),
    ("error", "validation_failed"),
    ("first_name", "Ada"),
    ("full_name", "Ada Lovelace"),
    ("health", "/health"),
    ("instance", "/api/v1/workspaces"),
    ("ip", "192.0.2.7"),
    ("key", "gwk_0123456789"),
    ("last_name", "Lovelace"),
    ("link", "https://ghostworks.example.com/console/invitation?token=0123456789"),
    ("message", "Done"),
    ("metrics", "/metrics"),
    ("name", "billing-api"),
    ("network", "192.0.2.7"),
    ("next_cursor", "CWFydGlmYWN0cw"),
    ("pointer", "/name"),
    ("refresh_token", "gwr_0123456789"),
    ("request_id", "9f8e7d6c5b4a3210-0000000000000001"),
    ("slug", "acme-platform"),
    ("status", "healthy"),
    ("tag", "service"),
    ("tags", "service"),
    ("title", "Unprocessable Entity"),
    ("token", "0123456789"),
    ("token_type", "bearer"),
    ("trace_id", "0af7651916cd43dd8448eb211c80319c"),
    ("url", "https://ghostworks.example.com/console/reset-password?token=0123456789"),
    ("user_agent", "curl/8.5.0"),
    ("user_email", "ada@example.com"),
    ("user_name", "Ada Lovelace"),
    ("version", env!("CARGO_PKG_VERSION")),
];

/// What is null, or is not there, in most answers.
const SELDOM: [&str; 3] = ["deleted_at", "facets", "highlights"];

/// How deep an example goes: schemas may contain themselves.
const MAX_DEPTH: usize = 8;

/// Adds an example to every answer that has a body and none yet.
pub(super) fn add(document: &mut Value) {
    let whole = document.clone();
    for_each_operation(document, |_, _, operation| {
        for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
            let content = response.get_mut("content").and_then(Value::as_object_mut);
            for (content_type, media) in content.into_iter().flatten() {
                let Some(media) = media.as_object_mut().filter(|media| !media.contains_key("example")) else {
                    continue;
                };
                let schema = media.get("schema").cloned().unwrap_or_default();
                let example = match content_type.split(';').next().unwrap_or_default() {
                    "application/json" => sample(&whole, &schema, "", 0),
                    "application/problem+json" => problem(&whole, &schema, status),
                    "application/x-ndjson" => lines(&whole),
                    "text/plain" => json!("ok\n"),
                    "application/octet-stream" => json!("the bytes of a file"),
                    _ => continue,
                };
                media.insert("example".to_owned(), example);
            }
        }
    });
}

/// A value of a schema, for a field called `name`.
fn sample(document: &Value, schema: &Value, name: &str, depth: usize) -> Value {
    let schema = resolve(document, schema);
    if let Some(given) = ["example", "default"].into_iter().find_map(|key| schema.get(key)) {
        return given.clone();
    }
    if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
        return first.clone();
    }
    if let Some(first) = ["oneOf", "anyOf"].into_iter().find_map(|key| schema[key].as_array()?.last()) {
        return sample(document, first, name, depth);
    }
    match schema["type"].as_str() {
        Some("object") if depth < MAX_DEPTH => object(document, schema, depth),
        Some("array") if depth < MAX_DEPTH => json!([sample(document, &schema["items"], name, depth + 1)]),
        Some("array") => json!([]),
        Some("boolean") => json!(true),
        Some("integer" | "number") => json!(whole(&schema["minimum"]).max(1)),
        Some("string") => text(schema, name),
        _ => json!({}),
    }
}

/// A bound of whole numbers, which the document may write as a fraction.
fn whole(bound: &Value) -> u64 {
    bound.as_u64().or_else(|| bound.as_f64().map(|bound| bound as u64)).unwrap_or(0)
}

fn object(document: &Value, schema: &Value, depth: usize) -> Value {
    let properties = schema["properties"].as_object().into_iter().flatten();
    let usual = properties.filter(|(name, _)| !SELDOM.contains(&name.as_str()));
    let fields = usual.map(|(name, schema)| (name.clone(), sample(document, schema, name, depth + 1)));
    let mut fields: Map<String, Value> = fields.collect();
    if schema["properties"]["deleted_at"].is_object() {
        fields.insert("deleted_at".to_owned(), Value::Null);
    }
    if fields.is_empty() && schema["additionalProperties"].is_object() {
        fields.insert("owner".to_owned(), sample(document, &schema["additionalProperties"], "", depth + 1));
    }
    fields.into()
}

fn text(schema: &Value, name: &str) -> Value {
    match schema["format"].as_str() {
        Some("uuid") => json!("01890000-0000-7000-8000-000000000000"),
        Some("date-time") => json!("2030-01-31T12:00:00Z"),
        _ => {
            let known = FIELDS.iter().find(|(field, _)| *field == name);
            json!(known.map_or("text", |(_, text)| *text))
        }
    }
}

/// A problem with this status.
fn problem(document: &Value, schema: &Value, status: &str) -> Value {
    let number: u16 = status.parse().unwrap_or_default();
    let (code, detail) = match number {
        400 => ("invalid_json", "The body is not valid JSON: expected value at line 1 column 1."),
        401 => ("not_authenticated", "Authentication required"),
        403 => ("forbidden", "This needs the role admin."),
        404 => ("workspace_not_found", "Workspace not found."),
        408 => ("request_timeout", "The body did not arrive in time."),
        409 => ("slug_taken", "Workspace with this slug already exists"),
        410 => ("cursor_expired", "The cursor is of an order that is no more; read the list from its beginning."),
        412 => ("version_mismatch", "The version that was named is not the current one, which is 3."),
        413 => ("payload_too_large", "The body must be at most 1048576 bytes."),
        415 => ("unsupported_media_type", "Send the body as JSON, with Content-Type: application/json."),
        422 => ("validation_failed", "Invalid input: name: must be 1 to 255 characters."),
        428 => ("precondition_required", "Send If-Match with the artifact's entity tag."),
        429 => ("rate_limited", "Too many requests; try again in 12 s."),
        503 => ("overloaded", "Too much is going on; try again shortly."),
        507 => ("storage_full", "The storage is full: nothing can be written until its operator makes room."),
        _ => ("internal_error", "Something went wrong here. The request id leads to it in the log."),
    };
    let mut problem = sample(document, schema, "", 0);
    let title = poem::http::StatusCode::from_u16(number).ok().and_then(|status| status.canonical_reason());
    let older = match number {
        413 => "request_too_large",
        429 => "rate_limit_exceeded",
        _ => code,
    };
    let fields = [
        ("type", json!(format!("urn:ghostworks:problem:{code}"))),
        ("title", json!(title.unwrap_or("Error"))),
        ("status", json!(number)),
        ("detail", json!(detail)),
        ("message", json!(detail)),
        ("code", json!(code)),
        ("error", json!(older)),
    ];
    for (name, value) in fields {
        problem[name] = value;
    }
    let Some(object) = problem.as_object_mut() else { return problem };
    if number != 422 {
        object.shift_remove("errors");
    }
    if !matches!(number, 429 | 503 | 507) {
        object.shift_remove("retry_after");
    }
    problem
}

/// A line of a stream of artifacts.
fn lines(document: &Value) -> Value {
    let artifact = sample(document, &json!({"$ref": "#/components/schemas/Artifact"}), "", 0);
    json!(format!("{artifact}\n"))
}
