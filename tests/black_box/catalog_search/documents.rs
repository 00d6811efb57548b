//! What is in the random catalogs: the fields of artifacts, as they are sent.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use super::vocabulary::{KEYS, KINDS, TAGS, UNSPACED, typed, word};

/// Fields of an artifact.
pub type Fields = BTreeMap<&'static str, Value>;

/// Words with all that may be between them.
fn text(count: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = String> + Clone {
    let unspaced = prop::collection::vec(select(UNSPACED), 2..=3).prop_map(|words| words.concat());
    let piece = prop_oneof![9 => typed(word()), 1 => unspaced];
    let between = select(vec![" ", " ", " ", "-", "_", ", ", ".", " / ", "  "]);
    prop::collection::vec((piece, between), count).prop_map(|pieces| {
        let text: String = pieces.iter().map(|(piece, between)| format!("{piece}{between}")).collect();
        text.trim_end().to_owned()
    })
}

fn metadata() -> impl Strategy<Value = Value> + Clone {
    let value = prop_oneof![
        4 => text(1..=2).prop_map(Value::from),
        2 => select(vec![7, 42, 2024]).prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    prop::collection::btree_map(select(KEYS), value, 0..=2).prop_map(|pairs| json!(pairs))
}

/// A new artifact.
pub fn whole() -> impl Strategy<Value = Fields> + Clone {
    (text(1..=3), part()).prop_map(|(name, mut fields)| {
        fields.entry("name").or_insert(json!(name));
        fields
    })
}

/// What of an artifact is changed.
pub fn part() -> impl Strategy<Value = Fields> + Clone {
    let description = prop_oneof![1 => Just(Value::Null), 5 => text(1..=6).prop_map(Value::from)];
    let fields = (
        prop::option::of(text(1..=3).prop_map(Value::from)),
        prop::option::of(description),
        prop::option::of(subsequence(TAGS.to_vec(), 0..=3).prop_map(|tags| json!(tags))),
        prop::option::of(metadata()),
        prop::option::of(select(KINDS).prop_map(Value::from)),
    );
    fields.prop_map(|(name, description, tags, metadata, kind)| {
        let sent = [
            ("name", name),
            ("description", description),
            ("tags", tags),
            ("artifact_metadata", metadata),
            ("artifact_type", kind),
        ];
        sent.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    })
}
