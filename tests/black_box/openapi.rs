//! The committed API document: equal to what the program describes, and complete.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

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
