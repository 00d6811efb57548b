//! What the index holds of an artifact. Nothing that could be shown: only what is needed to find it.
//!
//! Every term begins with its scope: the workspace, and whether the artifact is in the trash. So the postings of a
//! workspace are its own, its statistics too, and no query can reach another one's.

use std::borrow::Cow;

use tantivy::schema::{
    BytesOptions, FAST, Field, INDEXED, IndexRecordOption, NumericOptions, STRING, Schema, TextFieldIndexing,
    TextOptions,
};
use tantivy::{TantivyDocument, Term};

use super::tokenizer::{self, prefixed};
use crate::domain::{Artifact, ArtifactId, MetadataValue, NameKey, TenantId};

/// What the files hold: another number, and the index is rebuilt.
pub(super) const VERSION: u32 = 8;

/// The field that each segment is ordered by, its greatest value first. Those that are equal in it are in no order.
pub(super) const NEWEST_FIRST: &str = "created_at";

/// The fields.
#[derive(Clone, Copy)]
pub(super) struct Fields {
    /// The artifact's id: what is replaced and deleted by.
    pub key: Field,
    /// The workspace: what is deleted when it is.
    pub tenant: Field,
    /// All words, with their positions.
    pub anywhere: Field,
    /// The words of the name.
    pub name: Field,
    /// The words of the tags.
    pub tag_words: Field,
    /// `key=word` for the words of the metadata.
    pub metadata: Field,
    /// Each tag, the type and the creator as they are.
    pub exactly: Field,
    /// The id in two halves, to return what was found.
    pub id_high: Field,
    pub id_low: Field,
    /// Microseconds.
    pub created_at: Field,
    pub updated_at: Field,
    /// The name's key, to sort by.
    pub sort_name: Field,
    /// For counting.
    pub tags: Field,
    pub artifact_type: Field,
}

impl Fields {
    /// The schema, and its fields.
    pub(super) fn schema() -> (Schema, Self) {
        let words = |option| {
            let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer::NAME).set_index_option(option);
            TextOptions::default().set_indexing_options(indexing)
        };
        let number = NumericOptions::default().set_fast();
        let mut schema = Schema::builder();
        let fields = Self {
            key: schema.add_bytes_field("key", INDEXED),
            tenant: schema.add_text_field("tenant", STRING),
            anywhere: schema.add_text_field("anywhere", words(IndexRecordOption::WithFreqsAndPositions)),
            name: schema.add_text_field("name", words(IndexRecordOption::WithFreqsAndPositions)),
            tag_words: schema.add_text_field("tag_words", words(IndexRecordOption::WithFreqs)),
            metadata: schema.add_text_field("metadata", words(IndexRecordOption::Basic)),
            exactly: schema.add_text_field("exactly", STRING),
            id_high: schema.add_u64_field("id_high", number.clone()),
            id_low: schema.add_u64_field("id_low", number.clone()),
            created_at: schema.add_i64_field(NEWEST_FIRST, number.clone()),
            updated_at: schema.add_i64_field("updated_at", number),
            sort_name: schema.add_bytes_field("sort_name", BytesOptions::from(FAST)),
            tags: schema.add_text_field("tags", TextOptions::from(FAST)),
            artifact_type: schema.add_text_field("artifact_type", TextOptions::from(FAST)),
        };
        (schema.build(), fields)
    }

    /// What is indexed of an artifact.
    pub(super) fn document(&self, artifact: &Artifact) -> TantivyDocument {
        let scope = Scope::of(artifact);
        let mut document = TantivyDocument::new();
        let mut add = |field: Field, text: String| document.add_text(field, text);
        let scoped = scope.term("");
        let words = |text: &str| prefixed(&scoped, text);
        add(self.tenant, artifact.tenant.to_string());
        // Texts that are added one after the other are no neighbours.
        add(self.name, words(artifact.name.as_str()));
        add(self.anywhere, words(artifact.name.as_str()));
        for tag in artifact.tags.iter() {
            add(self.tag_words, words(tag));
            add(self.anywhere, words(tag));
            add(self.exactly, scope.term(&exact(TAG, tag)));
            add(self.tags, tag.to_owned());
        }
        if let Some(description) = &artifact.description {
            add(self.anywhere, words(description.as_str()));
        }
        for (key, value) in artifact.metadata.as_map() {
            let text = text_of(value);
            add(self.anywhere, words(&text));
            add(self.metadata, prefixed(&scope.term(&metadata(key, "")), &text));
        }
        let artifact_type = artifact.artifact_type.as_str();
        add(self.exactly, scope.term(EVERYTHING));
        add(self.exactly, scope.term(&exact(TYPE, artifact_type)));
        add(self.exactly, scope.term(&exact(BY, &artifact.created_by.to_string())));
        add(self.artifact_type, artifact_type.to_owned());
        document.add_bytes(self.sort_name, NameKey::new(artifact.name.as_str()).as_bytes());
        document.add_bytes(self.key, &artifact.id.to_bytes());
        let (high, low) = halves(artifact.id);
        document.add_u64(self.id_high, high);
        document.add_u64(self.id_low, low);
        document.add_i64(self.created_at, artifact.created_at.as_microsecond());
        document.add_i64(self.updated_at, artifact.updated_at.as_microsecond());
        document
    }
}

/// The text that every artifact of a scope has among what it is exactly.
pub(super) const EVERYTHING: &str = "";
pub(super) const TAG: char = 't';
pub(super) const TYPE: char = 'y';
pub(super) const BY: char = 'b';

/// Something that an artifact is, exactly.
pub(super) fn exact(kind: char, text: &str) -> String {
    format!("{kind}{text}")
}

/// A word of the value of a key, which is found in any case.
pub(super) fn metadata(key: &str, word: &str) -> String {
    format!("{}={word}", key.to_ascii_lowercase())
}

fn text_of(value: &MetadataValue) -> Cow<'_, str> {
    match value {
        MetadataValue::Null => "".into(),
        MetadataValue::Bool(flag) => flag.to_string().into(),
        MetadataValue::Integer(number) => number.to_string().into(),
        MetadataValue::Float(number) => number.to_string().into(),
        MetadataValue::Text(text) => text.into(),
    }
}

pub(super) fn halves(id: ArtifactId) -> (u64, u64) {
    let bytes = id.to_bytes();
    let half = |from: usize| bytes[from..from + 8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
    (half(0), half(8))
}

/// The id whose halves these are.
pub(super) fn id_of(high: u64, low: u64) -> ArtifactId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&high.to_be_bytes());
    bytes[8..].copy_from_slice(&low.to_be_bytes());
    ArtifactId::from_bytes(bytes)
}

/// What a query can reach: a workspace, in the trash or outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Scope {
    tenant: TenantId,
    deleted: bool,
}

impl Scope {
    /// The artifacts of a workspace in the trash, or those that are not.
    pub(super) fn new(tenant: TenantId, deleted: bool) -> Self {
        Self { tenant, deleted }
    }

    /// The artifacts of a workspace, with or without those in the trash.
    pub(super) fn all(tenant: TenantId, include_deleted: bool) -> Vec<Self> {
        let mut scopes = vec![Self::new(tenant, false)];
        if include_deleted {
            scopes.push(Self::new(tenant, true));
        }
        scopes
    }

    fn of(artifact: &Artifact) -> Self {
        Self::new(artifact.tenant, artifact.deleted_at.is_some())
    }

    /// The text of a term in this scope. What is before the text has always the same length, so that no text can be
    /// read as another scope's.
    pub(super) fn term(self, text: &str) -> String {
        format!("{}{}{text}", self.tenant, if self.deleted { '-' } else { '+' })
    }
}

/// The term of a text in a field.
pub(super) fn term(field: Field, scope: Scope, text: &str) -> Term {
    Term::from_field_text(field, &scope.term(text))
}
