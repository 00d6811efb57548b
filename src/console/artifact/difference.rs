//! What is different from one version to the next.

use std::collections::BTreeSet;

use maud::{Markup, html};
use similar::{ChangeTag, TextDiff};

use super::metadata::shown;
use crate::domain::{Artifact, Metadata, Timestamp};

/// Two texts as one, by words: what went is struck out, what came is marked.
pub(super) fn of_texts(before: &str, after: &str) -> Markup {
    let difference = TextDiff::from_words(before, after);
    html! {
        span class="text" {
            @for change in difference.iter_all_changes() {
                @match change.tag() {
                    ChangeTag::Equal => (change.value()),
                    ChangeTag::Delete => del { (change.value()) },
                    ChangeTag::Insert => ins { (change.value()) },
                }
            }
        }
    }
}

/// Everything that differs between two versions, a line for each field.
pub(super) fn of_versions(before: &Artifact, after: &Artifact, now: Timestamp) -> Markup {
    let text = |artifact: &Artifact| artifact.description.as_ref().map(|it| it.as_str().to_owned()).unwrap_or_default();
    html! {
        dl class="facts" {
            @if before.name != after.name { dt { "Name" } dd dir="auto" { (of_texts(before.name.as_str(), after.name.as_str())) } }
            @if before.artifact_type != after.artifact_type {
                dt { "Type" }
                dd { del { (before.artifact_type.as_str()) } " " ins { (after.artifact_type.as_str()) } }
            }
            @if before.tags != after.tags { dt { "Tags" } dd { (of_tags(before, after)) } }
            @if before.description != after.description {
                dt { "Description" } dd dir="auto" { (of_texts(&text(before), &text(after))) }
            }
            @if before.metadata != after.metadata { dt { "Metadata" } dd { (of_metadata(&before.metadata, &after.metadata, now)) } }
        }
    }
}

fn of_tags(before: &Artifact, after: &Artifact) -> Markup {
    let (was, is): (BTreeSet<&str>, BTreeSet<&str>) = (before.tags.iter().collect(), after.tags.iter().collect());
    html! {
        @for tag in was.difference(&is) { del class="tag" dir="auto" { (tag) } " " }
        @for tag in is.difference(&was) { ins class="tag" dir="auto" { (tag) } " " }
        @if was == is { "in another order" }
    }
}

fn of_metadata(before: &Metadata, after: &Metadata, now: Timestamp) -> Markup {
    let (was, is) = (before.as_map(), after.as_map());
    let keys: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    html! {
        ul class="plain" {
            @for key in keys {
                @if was.get(key) != is.get(key) {
                    li dir="auto" {
                        (key) ": "
                        @if let Some(value) = was.get(key) { del { (shown(key, value, now)) } " " }
                        @if let Some(value) = is.get(key) { ins { (shown(key, value, now)) } }
                    }
                }
            }
        }
    }
}
