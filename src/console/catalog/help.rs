//! The language of searches, explained where one needs it.

use maud::{Markup, html};

/// What can be typed, and what it finds.
const WAYS: [(&str, &str); 9] = [
    ("billing api", "both words, in any field"),
    ("\"billing api\"", "the words in a row"),
    ("bill*", "words that begin so"),
    ("-legacy", "not with this word"),
    ("api OR gateway", "either word"),
    ("name:billing", "in the name"),
    ("tag:payments", "with the tag"),
    ("type:service", "of the type"),
    ("meta.owner:ann", "with this in the metadata"),
];

/// The explanation, closed until somebody wants it.
pub(super) fn help() -> Markup {
    html! {
        details class="help" {
            summary { "What can I search for?" }
            dl class="facts" { @for (typed, found) in WAYS { dt { code { (typed) } } dd { (found) } } }
            p class="muted small" { "A word that nothing has is taken for a mistyped one." }
        }
    }
}
