//! How long texts are at most, how many items lists and maps have, and between what numbers are, in requests and answers: said
//! here for each field, by the constants that hold when it is read. Ids and times are limited by their format.
//!
//! What is not here has no limit that could be named: sentences of ours that quote what was sent, and what operators read about
//! their server.

use serde_json::{Map, Value};

use super::for_each_operation;
use crate::domain::{
    ApiKeyDraft, ApiKeyName, ArtifactDescription, ArtifactField, ArtifactName, ArtifactStats, ArtifactType, Email,
    Facets, Metadata, OwnQuotas, PasswordPolicy, PersonName, Scope, Settings, Slug, Tag, Tags, WorkspaceDescription,
    WorkspaceName,
};
use crate::http::api::{EntityTags, MAX_OPERATIONS};
use crate::http::cursor::MAX_LEN as CURSOR;
use crate::http::extract::{MAX_ADDRESS, MAX_TOKEN, MAX_USER_AGENT};
use crate::http::middleware::MAX_REQUEST_ID;
use crate::http::server::MAX_HEAD;
use crate::http::types::Limit;

/// Given and family name with a space between them.
const FULL_NAME: usize = 2 * PersonName::MAX_CHARS + 1;
/// The name of a member, or the address of a member without one.
const MEMBER_NAME: usize = if FULL_NAME > Email::MAX_LEN { FULL_NAME } else { Email::MAX_LEN };
/// The most on a page.
const PAGE: usize = Limit::MAX as usize;
/// The hexadecimal digits of a trace's id.
const TRACE: usize = 32;
/// The hexadecimal digits of a span's id.
const SPAN: usize = 16;

/// How many characters the texts of a field have at most, alone or in a list. The end of the way to a field names it: where a
/// name means several things, with the schema or the operation before it.
const TEXTS: &[(&str, usize)] = &[
    ("access_token", MAX_TOKEN),
    ("AccountApiKey.name", ApiKeyName::MAX_CHARS),
    ("AccountWorkspace.name", WorkspaceName::MAX_CHARS),
    ("ApiKey.name", ApiKeyName::MAX_CHARS),
    ("Artifact.description", ArtifactDescription::MAX_CHARS),
    ("Artifact.name", ArtifactName::MAX_CHARS),
    ("Artifact.tags", Tag::MAX_CHARS),
    ("artifact_type", ArtifactType::MAX_CHARS),
    ("CreateApiKeyRequest.name", ApiKeyName::MAX_CHARS),
    ("CreateWorkspaceRequest.description", WorkspaceDescription::MAX_CHARS),
    ("CreateWorkspaceRequest.name", WorkspaceName::MAX_CHARS),
    ("current_password", PasswordPolicy::MAX_CHARS),
    ("CurrentWorkspace.name", WorkspaceName::MAX_CHARS),
    ("cursor", CURSOR),
    ("email", Email::MAX_LEN),
    ("ETag", MAX_HEAD),
    ("FacetCount.value", Tag::MAX_CHARS),
    ("first_name", PersonName::MAX_CHARS),
    ("full_name", FULL_NAME),
    ("If-Match", EntityTags::MAX_LEN),
    ("If-None-Match", EntityTags::MAX_LEN),
    ("invitation", MAX_TOKEN),
    ("ip", MAX_ADDRESS),
    ("KeyOfAccount.name", ApiKeyName::MAX_CHARS),
    ("last_name", PersonName::MAX_CHARS),
    ("Link", MAX_HEAD),
    ("Location", MAX_HEAD),
    ("MadeApiKey.key", MAX_TOKEN),
    ("MadeApiKey.name", ApiKeyName::MAX_CHARS),
    ("new_email", Email::MAX_LEN),
    ("new_password", PasswordPolicy::MAX_CHARS),
    ("next_cursor", CURSOR),
    ("OperatedWorkspace.name", WorkspaceName::MAX_CHARS),
    ("password", PasswordPolicy::MAX_CHARS),
    ("refresh_token", MAX_TOKEN),
    ("request_id", MAX_REQUEST_ID),
    ("slug", Slug::MAX_CHARS),
    ("span_id", SPAN),
    ("tag", Tag::MAX_CHARS),
    ("token", MAX_TOKEN),
    ("trace_id", TRACE),
    ("transfer_to", Email::MAX_LEN),
    ("UpdateWorkspaceRequest.description", WorkspaceDescription::MAX_CHARS),
    ("UpdateWorkspaceRequest.name", WorkspaceName::MAX_CHARS),
    ("user_agent", MAX_USER_AGENT),
    ("user_email", Email::MAX_LEN),
    ("user_name", MEMBER_NAME),
    ("verification_token", MAX_TOKEN),
    ("Workspace.description", WorkspaceDescription::MAX_CHARS),
    ("Workspace.name", WorkspaceName::MAX_CHARS),
];

/// How many characters they have at least.
const LEAST: &[(&str, usize)] = &[
    ("CreateAccountRequest.password", PasswordPolicy::MIN_CHARS),
    ("new_password", PasswordPolicy::MIN_CHARS),
    ("RegisterRequest.password", PasswordPolicy::MIN_CHARS),
];

/// How many items the lists of a field have at most.
const LISTS: &[(&str, usize)] = &[
    ("Artifact.tags", Tags::MAX),
    ("ArtifactVersion.changed", ArtifactField::ALL.len()),
    ("BulkAnswer.results", MAX_OPERATIONS),
    ("BulkRequest.operations", MAX_OPERATIONS),
    ("CreateApiKeyRequest.scopes", ApiKeyDraft::MAX_SCOPES_SENT),
    ("CreateArtifactRequest.tags", Tags::MAX_SENT),
    ("Facets.artifact_type", Facets::MAX_VALUES),
    ("Facets.tags", Facets::MAX_VALUES),
    ("Highlights.tags", Tags::MAX),
    ("items", PAGE),
    ("most_used_tags", ArtifactStats::MOST_USED_TAGS),
    ("scopes", Scope::ALL.len()),
    ("UpdateArtifactRequest.tags", Tags::MAX_SENT),
];

/// How many keys the maps of a field have at most.
const MAPS: &[(&str, usize)] = &[
    ("Artifact.artifact_metadata", Metadata::MAX_KEYS),
    ("CreateArtifactRequest.artifact_metadata", Metadata::MAX_KEYS),
    ("CreateWorkspaceRequest.settings", Settings::MAX_KEYS),
    ("UpdateArtifactRequest.artifact_metadata", Metadata::MAX_KEYS),
    ("UpdateWorkspaceRequest.settings", Settings::MAX_KEYS),
    ("Workspace.settings", Settings::MAX_KEYS),
];

/// Between what the numbers of a field are.
const NUMBERS: &[(&str, (u64, u64))] = &[
    ("OwnQuotas.api_keys", (1, OwnQuotas::MAX)),
    ("OwnQuotas.artifacts", (1, OwnQuotas::MAX)),
    ("OwnQuotas.bytes", (1, OwnQuotas::MAX)),
    ("OwnQuotas.members", (1, OwnQuotas::MAX)),
];

/// Adds the limits of every field and parameter.
pub(super) fn add(document: &mut Value) {
    for (name, schema) in document["components"]["schemas"].as_object_mut().into_iter().flatten() {
        bound(schema, name);
    }
    for_each_operation(document, |_, _, operation| {
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten() {
            let way = format!("{id}.{}", parameter["name"].as_str().unwrap_or_default());
            bound(&mut parameter["schema"], &way);
        }
    });
}

/// Adds the limits of the headers of answers, once all are there.
pub(super) fn add_to_headers(document: &mut Value) {
    for_each_operation(document, |_, _, operation| {
        let answers = operation.get_mut("responses").and_then(Value::as_object_mut);
        for answer in answers.into_iter().flat_map(Map::values_mut) {
            let headers = answer.get_mut("headers").and_then(Value::as_object_mut);
            for (name, header) in headers.into_iter().flatten() {
                if let Some(schema) = header.get_mut("schema") {
                    bound(schema, name);
                }
            }
        }
    });
}

/// Adds the limits of what a way leads to, and of what is in it.
fn bound(schema: &mut Value, way: &str) {
    let Some(schema) = schema.as_object_mut() else { return };
    for (name, property) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        bound(property, &format!("{way}.{name}"));
    }
    if let Some(items) = schema.get_mut("items") {
        bound(items, way);
    }
    let is_plain = !["format", "enum"].into_iter().any(|name| schema.contains_key(name));
    match schema.get("type").and_then(Value::as_str) {
        Some("string") if is_plain => {
            set(schema, "minLength", find(LEAST, way));
            set(schema, "maxLength", find(TEXTS, way));
        }
        Some("array") => set(schema, "maxItems", find(LISTS, way)),
        Some("object") if !schema.contains_key("properties") => set(schema, "maxProperties", find(MAPS, way)),
        Some("integer") => {
            let (least, most) = find(NUMBERS, way).unzip();
            set(schema, "minimum", least);
            set(schema, "maximum", most);
        }
        // A measurement: there are none below nothing.
        Some("number") if way.ends_with("_ms") || way.ends_with("seconds") => set(schema, "minimum", Some(0)),
        _ => {}
    }
}

fn set(schema: &mut Map<String, Value>, name: &str, limit: Option<impl Into<Value>>) {
    if let Some(limit) = limit {
        schema.insert(name.to_owned(), limit.into());
    }
}

/// What a table has for the longest end of a way that it names.
fn find<T: Copy>(table: &[(&str, T)], way: &str) -> Option<T> {
    let ends = std::iter::once(way).chain(way.match_indices('.').map(|(dot, _)| &way[dot + 1..]));
    ends.filter_map(|end| table.iter().find(|(name, _)| *name == end)).map(|(_, limit)| *limit).next()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_has_the_limit_of_the_longest_end_that_is_named() {
        let table = [("name", 1), ("A.name", 2), ("b.name", 3)];
        for (way, limit) in [("A.name", 2), ("C.b.name", 3), ("C.name", 1), ("name", 1)] {
            assert_eq!(find(&table, way), Some(limit), "{way}");
        }
        assert_eq!(find(&table, "A.names"), None);
        assert_eq!(find(&table, "A"), None);
    }

    #[test]
    fn limits_are_added_to_what_they_are_about() {
        let tags = json!({"type": "array", "items": {"type": "string"}});
        let metadata =
            json!({"type": "object", "additionalProperties": {"$ref": "#/components/schemas/MetadataValue"}});
        let id = json!({"type": "string", "format": "uuid"});
        let properties = json!({"name": {"type": "string"}, "tags": tags, "artifact_metadata": metadata, "tag": id});
        let mut document = json!({
            "components": {"schemas": {"Artifact": {"type": "object", "properties": properties}}},
            "paths": {"/": {"get": {
                "operationId": "list", "parameters": [{"name": "cursor", "in": "query", "schema": {"type": "string"}}],
            }}},
        });
        add(&mut document);
        let properties = &document["components"]["schemas"]["Artifact"]["properties"];
        assert_eq!(properties["name"]["maxLength"], ArtifactName::MAX_CHARS);
        assert_eq!(properties["tags"]["maxItems"], Tags::MAX);
        assert_eq!(properties["tags"]["items"]["maxLength"], Tag::MAX_CHARS);
        assert_eq!(properties["artifact_metadata"]["maxProperties"], Metadata::MAX_KEYS);
        assert_eq!(properties["tag"], json!({"type": "string", "format": "uuid"}));
        assert_eq!(document["paths"]["/"]["get"]["parameters"][0]["schema"]["maxLength"], CURSOR);
    }
}
