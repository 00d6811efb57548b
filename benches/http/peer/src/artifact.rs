//! What the peer stores and answers: the fields of a ghostworks artifact.

use std::collections::BTreeMap;

use poem_openapi::Object;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Object)]
pub struct Draft {
    name: String,
    description: Option<String>,
    #[oai(default)]
    tags: Vec<String>,
    #[oai(default)]
    artifact_metadata: BTreeMap<String, String>,
}

#[derive(Object, Serialize, Deserialize)]
pub struct Artifact {
    pub id: Uuid,
    tenant_id: Uuid,
    name: String,
    description: Option<String>,
    tags: Vec<String>,
    artifact_metadata: BTreeMap<String, String>,
    artifact_type: String,
    version: u64,
    is_active: bool,
    created_by: Uuid,
    updated_by: Uuid,
    created_at: String,
    updated_at: String,
}

impl From<Draft> for Artifact {
    #[expect(clippy::disallowed_methods, reason = "no test decides what time it is here")]
    fn from(draft: Draft) -> Self {
        let now = jiff::Timestamp::now().to_string();
        Self {
            id: Uuid::now_v7(),
            tenant_id: Uuid::max(),
            name: draft.name,
            description: draft.description,
            tags: draft.tags,
            artifact_metadata: draft.artifact_metadata,
            artifact_type: "default".to_owned(),
            version: 1,
            is_active: true,
            created_by: Uuid::max(),
            updated_by: Uuid::max(),
            created_at: now.clone(),
            updated_at: now,
        }
    }
}

#[derive(Object)]
pub struct Page {
    pub items: Vec<Artifact>,
    pub total: u64,
    pub limit: u64,
    pub offset: u64,
    pub has_more: bool,
}
