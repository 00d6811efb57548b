//! Two people changed one artifact: who comes second sees both versions and chooses.

use maud::{Markup, html};

use super::difference;
use super::fields::Fields;
use crate::domain::{Artifact, ArtifactType};

/// What is different between what there is now and what was typed.
pub(super) fn both(current: &Artifact, typed: &Fields, back: &str) -> Markup {
    let now = Fields::of(current);
    let kind = Some(&typed.kind).filter(|kind| !kind.is_empty()).cloned();
    let kind = kind.unwrap_or_else(|| ArtifactType::default().into_string());
    let fields = [
        ("Name", &now.name, &typed.name),
        ("Type", &now.kind, &kind),
        ("Tags", &now.tags, &typed.tags),
        ("Description", &now.description, &typed.description),
        ("Metadata", &now.metadata, &typed.metadata),
    ];
    html! {
        section class="panel warning" role="alert" {
            h2 { "Somebody changed this while you were writing" }
            p {
                "Nothing of yours is lost: it is in the form below. Here is what differs from the current version "
                (current.version) ": " del { "what is there now" } " and " ins { "what you wrote" } "."
            }
            dl class="facts" {
                @for (name, now, yours) in fields {
                    @if now.trim() != yours.trim() { dt { (name) } dd dir="auto" { (difference::of_texts(now, yours)) } }
                }
            }
            p {
                "Change the form until it is right, and save it over the current version; or "
                a href=(back) { "leave it as it is now" } "."
            }
        }
    }
}
