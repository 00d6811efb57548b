//! What a search means, as plainly as it can be said: look at every artifact, and at every word of it.

use std::collections::BTreeMap;

use ghostworks::domain::NameKey;
use serde_json::Value;

use super::documents::Fields;
use super::questions::{Question, Term};
use super::vocabulary::{FAMILIES, UNSPACED};

/// An artifact as it should be.
#[derive(Clone, Debug)]
pub struct Artifact {
    pub id: String,
    pub is_deleted: bool,
    pub fields: Fields,
}

/// How often each value is among what was found.
pub type Counts = BTreeMap<String, u64>;

impl Artifact {
    fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    pub fn kind(&self) -> &str {
        self.fields.get("artifact_type").map_or("default", |kind| kind.as_str().expect("text"))
    }

    pub fn tags(&self) -> Vec<&str> {
        let tags = self.fields.get("tags").and_then(Value::as_array);
        tags.map_or(Vec::new(), |tags| tags.iter().map(|tag| tag.as_str().expect("text")).collect())
    }

    fn metadata(&self) -> BTreeMap<&str, String> {
        let pairs = self.fields.get("artifact_metadata").and_then(Value::as_object);
        let plain = |value: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        pairs.map_or(BTreeMap::new(), |pairs| pairs.iter().map(|(key, value)| (key.as_str(), plain(value))).collect())
    }

    /// Each text in which words are looked for.
    fn texts(&self) -> Vec<String> {
        let mut texts = vec![self.text("name").to_owned(), self.text("description").to_owned()];
        texts.extend(self.tags().into_iter().map(str::to_owned));
        texts.extend(self.metadata().into_values());
        texts
    }

    /// Whether it is what a term means; misspelled words only mean something to who is `lenient`.
    fn is(&self, term: &Term, lenient: bool) -> bool {
        match term {
            Term::Word(word) => self.texts().iter().any(|text| holds(text, word)),
            Term::Prefix(beginning) => {
                self.texts().iter().flat_map(|text| words(text)).any(|word| word.starts_with(beginning))
            }
            Term::Phrase(phrase) => {
                self.texts().iter().any(|text| words(text).windows(phrase.len()).any(|window| window == phrase))
            }
            Term::Misspelled { word, .. } => lenient && self.texts().iter().any(|text| holds(text, word)),
            Term::Name(word) => holds(self.text("name"), word),
            Term::Tag(tag) => self.tags().contains(tag),
            Term::Kind(kind) => self.kind() == *kind,
            Term::Meta(key, word) => self.metadata().get(key).is_some_and(|text| holds(text, word)),
        }
    }

    fn is_found(&self, question: &Question, lenient: bool) -> bool {
        let has = |tag: &&str| self.tags().contains(tag);
        (question.deleted || !self.is_deleted)
            && (question.any.is_empty() || question.any.iter().any(has))
            && question.all.iter().all(has)
            && !question.none.iter().any(has)
            && question.kind.is_none_or(|kind| self.kind() == kind)
            && question
                .text
                .iter()
                .flatten()
                .all(|(wanted, terms)| terms.iter().any(|term| self.is(term, lenient)) == *wanted)
    }
}

/// What a question finds, in the order of creation. Only when that is nothing, misspelled words are understood.
pub fn search<'a>(artifacts: &'a [Artifact], question: &Question) -> Vec<&'a Artifact> {
    let found = |lenient| artifacts.iter().filter(move |artifact| artifact.is_found(question, lenient));
    let exactly: Vec<&Artifact> = found(false).collect();
    if exactly.is_empty() { found(true).collect() } else { exactly }
}

/// Puts what was found into the order that is asked for. False when that order is the server's own affair.
pub fn sort(found: &mut Vec<&Artifact>, question: &Question) -> bool {
    match question.sort {
        "created_at" => {}
        "-created_at" => found.reverse(),
        // What is equal stays in the order of creation, which is turned round with all the rest.
        "name" => found.sort_by_cached_key(|artifact| NameKey::new(artifact.text("name"))),
        "-name" => {
            found.sort_by_cached_key(|artifact| NameKey::new(artifact.text("name")));
            found.reverse();
        }
        "updated_at" | "-updated_at" => return false,
        _ if question.text.is_some() => return false,
        _ => found.reverse(),
    }
    true
}

/// How often each tag and each type is among what was found.
pub fn facets(found: &[&Artifact]) -> (Counts, Counts) {
    let (mut tags, mut kinds) = (Counts::new(), Counts::new());
    for artifact in found {
        *kinds.entry(artifact.kind().to_owned()).or_default() += 1;
        for tag in artifact.tags() {
            *tags.entry(tag.to_owned()).or_default() += 1;
        }
    }
    (tags, kinds)
}

/// The words of a text, without capitals and accents.
fn words(text: &str) -> Vec<String> {
    let plain = text.to_lowercase().replace('é', "e").replace('ü', "u");
    plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Whether a word of the text is the one that is meant, or begins with it, or, where there are no spaces, has it in it.
fn holds(text: &str, typed: &str) -> bool {
    let meant = words(typed).concat();
    let has_no_spaces = UNSPACED.iter().any(|word| meant.contains(word));
    words(text).iter().any(|word| {
        word.starts_with(&meant) || (has_no_spaces && word.contains(&meant)) || are_forms_of_one(word, &meant)
    })
}

fn are_forms_of_one(one: &str, other: &str) -> bool {
    FAMILIES.iter().any(|family| family.contains(&one) && family.contains(&other))
}
