//! The OpenAPI document: what poem-openapi says of the operations, brought into the form that generators understand. All
//! rewriting is here, so that every reader gets the same document.

mod examples;
mod limits;
mod operations;
mod parameters;
mod schemas;

use serde_json::Value;

/// The document, made from poem-openapi's.
pub(super) struct Document(Value);

impl Document {
    /// Rewrites a document of poem-openapi.
    pub(super) fn new(text: &str) -> Self {
        let mut document: Value = serde_json::from_str(text).unwrap_or_default();
        parameters::expand(&mut document);
        // Before schemas are taken apart: what stands in full at several places has them everywhere.
        limits::add(&mut document);
        schemas::rewrite(&mut document);
        schemas::remove_unused(&mut document);
        operations::rewrite(&mut document);
        limits::add_to_headers(&mut document);
        examples::add(&mut document);
        Self(document)
    }

    /// As JSON, indented.
    pub(super) fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(&self.0).unwrap_or_default();
        text.push('\n');
        text
    }

    /// As YAML.
    pub(super) fn yaml(&self) -> String {
        serde_yaml::to_string(&self.0).unwrap_or_default()
    }
}

/// What a reference within a document leads to.
fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null),
        None => schema,
    }
}

/// Every operation, with its method and path.
fn for_each_operation(document: &mut Value, mut visit: impl FnMut(&str, &str, &mut Value)) {
    for (path, operations) in document["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            visit(method, path, operation);
        }
    }
}
