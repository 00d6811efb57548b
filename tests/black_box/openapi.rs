//! The committed API document: equal to what the program describes, and complete.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

/// The document as the program prints it.
fn printed(format: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ghostworks"))
        .args(["openapi", "--format", format])
        .env_clear()
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Every operation with its method and path.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let methods = ["get", "put", "post", "patch", "delete"];
    let operations = paths.iter().flat_map(|(path, item)| {
        let present = methods.iter().filter_map(|method| item.get(*method).map(|operation| (method, operation)));
        present.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
    });
    operations.collect()
}

#[test]
fn the_committed_documents_are_current() {
    for format in ["json", "yaml"] {
        let file = format!("openapi/ghostworks.{format}");
        let committed = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file)).unwrap_or_default();
        assert!(
            committed == printed(format),
            "{file} is out of date; regenerate it with: cargo run -- openapi --format {format} > {file}"
        );
    }
}

#[test]
fn every_operation_is_described() {
    let document = serde_json::from_str(&printed("json")).expect("JSON");
    let operations = operations(&document);
    assert!(operations.len() >= 20, "{}", operations.len());
    for (name, operation) in operations {
        for member in ["operationId", "summary", "description"] {
            assert!(operation[member].as_str().is_some_and(|text| !text.is_empty()), "{name} has no {member}");
        }
        assert!(operation["tags"].as_array().is_some_and(|tags| !tags.is_empty()), "{name} has no tags");
    }
}

/// `deny.toml` accepts weaknesses of the XML parser because of this.
#[test]
fn no_operation_takes_xml() {
    let document = serde_json::from_str(&printed("json")).expect("JSON");
    let taken: Vec<String> = operations(&document)
        .iter()
        .filter_map(|(_, operation)| operation["requestBody"]["content"].as_object())
        .flat_map(|content| content.keys().cloned())
        .collect();
    assert!(taken.iter().any(|media_type| media_type.starts_with("application/json")), "{taken:?}");
    assert!(!taken.iter().any(|media_type| media_type.contains("xml")), "{taken:?}");
}

#[test]
fn operation_ids_are_unique() {
    let document = serde_json::from_str(&printed("json")).expect("JSON");
    let mut ids: Vec<String> = operations(&document).iter().map(|(_, it)| it["operationId"].to_string()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
}

#[test]
fn every_operation_of_the_api_describes_its_errors() {
    let document = serde_json::from_str(&printed("json")).expect("JSON");
    for (name, operation) in operations(&document).iter().filter(|(name, _)| name.contains("/api/v1/")) {
        let responses = operation["responses"].as_object().expect("responses");
        let errors: Vec<_> = responses.iter().filter(|(status, _)| !status.starts_with(['2', '3'])).collect();
        let needs_errors = operation.get("requestBody").is_some() || operation.get("security").is_some();
        assert!(!needs_errors || !errors.is_empty(), "{name} describes no error");
        for (status, response) in errors {
            let content = response["content"].as_object().unwrap_or_else(|| panic!("{name} {status} has no content"));
            assert!(
                content.keys().all(|it| it.starts_with("application/problem+json")),
                "{name} {status}: {content:?}"
            );
        }
    }
}

#[test]
fn who_finds_the_service_not_ready_is_told_when_to_ask_again() {
    let document: Value = serde_json::from_str(&printed("json")).expect("JSON");
    for path in ["/readyz", "/health/detailed"] {
        let headers = &document["paths"][path]["get"]["responses"]["503"]["headers"];
        assert!(headers.as_object().is_some_and(|it| it.keys().any(|name| name.eq_ignore_ascii_case("retry-after"))));
    }
}

#[test]
fn generators_understand_every_schema() {
    let text = printed("json");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    for foreign in ["\"allOf\"", "uint16", "uint32", "uint64"] {
        assert!(!text.contains(foreign), "{foreign} is in the document");
    }
    let workspace = &document["components"]["schemas"]["Profile"]["properties"]["current_workspace"];
    assert_eq!((&workspace["nullable"], &workspace["properties"]["slug"]["type"]), (&json!(true), &json!("string")));
    let bulk = &document["components"]["schemas"]["BulkOperation"];
    for member in bulk["oneOf"].as_array().expect("members") {
        let name = member["$ref"].as_str().and_then(|it| it.rsplit('/').next()).expect("a reference");
        assert_eq!(document["components"]["schemas"][name]["properties"]["op"]["type"], "string", "{name}");
    }
    for path in ["export", "import"] {
        let path = format!("/api/v1/workspaces/{{workspace_id}}/artifacts/{path}");
        let operations = document["paths"][&path].to_string();
        assert!(operations.contains("\"binary\""), "{operations}");
    }
    let codes = document["components"]["schemas"]["ProblemCode"]["enum"].as_array().expect("codes");
    assert!(codes.len() > 40);
    assert!(document["components"]["schemas"]["AuditAction"]["enum"].as_array().is_some_and(|it| it.len() > 25));
    let traced = document["components"]["schemas"]["TracedOperation"]["enum"].as_array().expect("operations");
    assert!(traced.contains(&json!("artifact.create")) && !traced.contains(&json!("")), "{traced:?}");
}

#[test]
fn no_schema_is_called_as_generators_call_the_parameters_of_another_operation() {
    let document: Value = serde_json::from_str(&printed("json")).expect("JSON");
    for (name, operation) in operations(&document) {
        let words = operation["operationId"].as_str().expect("an id").split('_');
        let capitals = words.map(|word| format!("{}{}", word[..1].to_uppercase(), &word[1..])).collect::<String>();
        let parameters = format!("{capitals}Request");
        let is_own_body = operation["requestBody"].to_string().contains(&format!("/{parameters}\""));
        assert!(is_own_body || document["components"]["schemas"].get(&parameters).is_none(), "{name}: {parameters}");
    }
}

#[test]
fn no_property_that_may_be_absent_has_a_default() {
    let document: Value = serde_json::from_str(&printed("json")).expect("JSON");
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        let required = schema["required"].to_string();
        for (property, described) in schema["properties"].as_object().into_iter().flatten() {
            let is_required = required.contains(&format!("\"{property}\""));
            assert!(is_required || described.get("default").is_none(), "{name}.{property}");
        }
    }
}

#[test]
fn every_answer_is_described_and_has_an_example() {
    let document: Value = serde_json::from_str(&printed("json")).expect("JSON");
    for (name, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().expect("responses") {
            let description = response["description"].as_str().unwrap_or_default();
            assert!(!["", "Success"].contains(&description), "{name} {status}: {description:?}");
            for (content_type, media) in response["content"].as_object().into_iter().flatten() {
                let is_stream = content_type.starts_with("application/octet-stream");
                assert!(is_stream || !media["example"].is_null(), "{name} {status} {content_type} has no example");
            }
            let headers = &response["headers"];
            let awaited: &[&str] = match status.as_str() {
                "429" => &["Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"],
                "503" | "507" => &["Retry-After"],
                "201" if name.ends_with("/artifacts") => &["ETag", "Location"],
                _ => &[],
            };
            assert!(awaited.iter().all(|it| headers[*it].is_object()), "{name} {status}: {headers}");
        }
    }
}

#[test]
fn summaries_begin_with_a_verb() {
    let document: Value = serde_json::from_str(&printed("json")).expect("JSON");
    let verbs = [
        "Accept", "Add", "Ask", "Back", "Change", "Check", "Choose", "Count", "Create", "Delete", "Disable", "Enable",
        "End", "Exchange", "Export", "Get", "Import", "Leave", "List", "Make", "Patch", "Read", "Rebuild", "Register",
        "Remove", "Restore", "Resume", "Revoke", "Rotate", "Search", "Set", "Show", "Sign", "Suspend", "Switch",
        "Transfer", "Update", "Verify", "Write",
    ];
    for (name, operation) in operations(&document) {
        let first = operation["summary"].as_str().and_then(|it| it.split(' ').next()).unwrap_or_default();
        assert!(verbs.contains(&first), "{name}: {first}");
    }
}

/// Fields whose limits people read, by the way to them.
#[test]
fn limits_of_requests_and_answers_are_in_the_schemas() {
    let document: Value = serde_json::from_str(&printed("json")).expect("JSON");
    let schemas = &document["components"]["schemas"];
    for (pointer, limit) in [
        ("/CreateApiKeyRequest/properties/scopes/maxItems", 20),
        ("/ApiKey/properties/scopes/maxItems", 2),
        ("/ApiKey/properties/name/maxLength", 100),
        ("/Artifact/properties/name/maxLength", 255),
        ("/Artifact/properties/tags/maxItems", 20),
        ("/Artifact/properties/tags/items/maxLength", 50),
        ("/Artifact/properties/artifact_metadata/maxProperties", 50),
        ("/ArtifactPage/properties/items/maxItems", 100),
        ("/CreateArtifactRequest/properties/tags/maxItems", 100),
        ("/BulkRequest/properties/operations/maxItems", 1000),
        ("/RefreshRequest/properties/refresh_token/maxLength", 4096),
        ("/RegisterRequest/properties/password/minLength", 8),
        ("/RegisterRequest/properties/password/maxLength", 128),
        ("/LoginRequest/properties/email/maxLength", 254),
        ("/Workspace/properties/settings/maxProperties", 50),
        ("/Workspace/properties/description/maxLength", 1000),
        ("/Profile/properties/current_workspace/properties/name/maxLength", 255),
    ] {
        assert_eq!(schemas.pointer(pointer), Some(&json!(limit)), "{pointer}");
    }
    // One of many is refused by its own result.
    assert_eq!(schemas.pointer("/BulkCreate/properties/artifact_type/maxLength"), None);
    for (name, operation) in operations(&document) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let schema = &parameter["schema"];
            let is_limited = ["maxLength", "format", "enum", "pattern"].iter().any(|limit| !schema[limit].is_null());
            let is_free = schema["type"] != "string" || parameter["name"] == "verbose" || is_limited;
            assert!(is_free, "{name}: {parameter}");
        }
    }
}

#[test]
fn idempotency_keys_are_declared_where_they_count() {
    let document: Value = serde_json::from_str(&printed("json")).expect("JSON");
    for (name, operation) in operations(&document) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let is_declared = parameters.clone().any(|parameter| parameter["name"] == "Idempotency-Key");
        let counts = name.starts_with("POST /api/v1/workspaces")
            || name == "POST /api/v1/auth/invitations/accept"
            || name == "POST /api/v1/operator/accounts"
            || name == "POST /api/v1/operator/accounts/{user_id}/reset-link"
            || name == "POST /api/v1/operator/workspaces/{workspace_id}/artifacts/import";
        assert_eq!(is_declared, counts, "{name}");
    }
}
