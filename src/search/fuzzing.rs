//! What people look for, for the fuzz target alone (`tests/fuzz`).

use super::highlight;
use super::query::Query;
use crate::domain::{
    Artifact, ArtifactDescription, ArtifactDraft, ArtifactId, ArtifactName, ArtifactType, Metadata, SearchText, Tags,
    TenantId, Timestamp, UserId,
};

/// Reads the first line as a query, and marks in the others what it finds.
pub fn query(text: &str) {
    let (query, text) = text.split_once('\n').unwrap_or((text, text));
    let Ok(Some(query)) = SearchText::parse(query) else { return };
    let query = Query::parse(query.as_str());
    let draft = ArtifactDraft {
        name: ArtifactName::parse("name").expect("a name"),
        description: ArtifactDescription::parse(text).ok().flatten(),
        tags: Tags::default(),
        metadata: Metadata::default(),
        artifact_type: ArtifactType::parse("default").expect("a type"),
    };
    let user = UserId::from_bytes([0; 16]);
    let (id, tenant) = (ArtifactId::from_bytes([0; 16]), TenantId::from_bytes([0; 16]));
    let artifact = Artifact::new(id, tenant, draft, user, Timestamp::UNIX_EPOCH);
    if let Some(marked) = highlight::highlights(&query, &artifact).description {
        let unmarked = marked.replace("<mark>", "").replace("</mark>", "");
        assert!(!unmarked.contains(['<', '>']), "what was found is not escaped: {marked}");
    }
}
