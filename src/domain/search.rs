//! Searching: what is looked for, and what is found.

use serde::{Deserialize, Serialize};

use super::{Artifact, FacetFields, Facets, ListArtifacts, ListPosition};

/// A text to look for: up to 200 characters after trimming; empty is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SearchText(String);

impl SearchText {
    /// The longest text, in characters.
    pub const MAX_CHARS: usize = 200;

    /// Trims and checks a text; an empty one is none.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        let text = text.trim();
        if text.chars().count() > Self::MAX_CHARS {
            return Err(format!("must be at most {} characters", Self::MAX_CHARS));
        }
        Ok((!text.is_empty()).then(|| Self(text.to_owned())))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A request for a page of what is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchArtifacts {
    /// What is looked for; without it, everything that the filter lets through.
    pub text: Option<SearchText>,
    /// Among which artifacts, in which order, which page.
    pub list: ListArtifacts,
    /// What of them is counted.
    pub facets: FacetFields,
    /// Whether it is marked what was found in each.
    pub highlights: bool,
    /// On pages after the first, what the order of the first depended on.
    pub ranking: Option<Ranking>,
}

/// What it depends on which artifacts are found and in which order, besides the artifacts themselves. It goes from page to
/// page, so that what is written between two of them moves nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ranking {
    /// Whether words were taken for mistyped ones.
    pub typos: bool,
    /// How many artifacts the workspace had.
    pub documents: u64,
    /// How many words all their texts, names and tags had.
    pub lengths: [u64; 3],
    /// How many artifacts had each word that was looked for, in the order of the query.
    pub frequencies: Vec<u64>,
}

/// A page of what was found.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundArtifacts {
    /// The artifacts of this page.
    pub items: Vec<FoundArtifact>,
    /// How many match in all.
    pub total: u64,
    /// How many were passed over because they can't be read.
    pub damaged: u64,
    /// Where the next page begins after, if there is one.
    pub next: Option<ListPosition>,
    /// What the next page's order depends on, when something was looked for.
    pub ranking: Option<Ranking>,
    /// How many of all that match have each tag and type, if asked for.
    pub facets: Option<Facets>,
}

/// An artifact that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundArtifact {
    /// The artifact.
    pub artifact: Artifact,
    /// What of it was found, if asked for.
    pub highlights: Option<Highlights>,
}

/// Where in an artifact's texts something was found, as HTML: escaped, with `<mark>` around it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Highlights {
    /// The name, if something was found in it.
    pub name: Option<String>,
    /// The part of the description around it, if something was found in it.
    pub description: Option<String>,
    /// The tags that something was found in.
    pub tags: Vec<String>,
}
