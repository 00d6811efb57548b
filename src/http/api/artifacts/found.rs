//! What a search answers besides artifacts: where something was found, and how many have what.

use poem_openapi::Object;
use serde::Serialize;

use crate::domain::{FacetFields, Facets, Highlights};

/// Where in an artifact's texts something was found. HTML: escaped, with `<mark>` around what was found.
#[derive(Serialize, Object)]
#[oai(rename = "Highlights")]
pub(super) struct HighlightsBody {
    /// The name; null when nothing was found in it.
    #[oai(nullable)]
    name: Option<String>,
    /// The part of the description around it; null when nothing was found in it.
    #[oai(nullable)]
    description: Option<String>,
    /// The tags that something was found in.
    tags: Vec<String>,
}

impl From<Highlights> for HighlightsBody {
    fn from(highlights: Highlights) -> Self {
        Self { name: highlights.name, description: highlights.description, tags: highlights.tags }
    }
}

/// How many of all that match have each value.
#[derive(Serialize, Object)]
#[oai(rename = "Facets")]
pub(super) struct FacetsBody {
    /// By tag, those that most have first, 100 at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    tags: Option<Vec<FacetCount>>,
    /// By type, those that most have first, 100 at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    artifact_type: Option<Vec<FacetCount>>,
}

/// A value, and how many have it.
#[derive(Serialize, Object)]
pub(super) struct FacetCount {
    /// The value.
    value: String,
    /// How many artifacts have it.
    count: u64,
}

impl FacetsBody {
    /// Those that were asked for.
    pub(super) fn new(facets: Facets, wanted: FacetFields) -> Self {
        let most = |counts| {
            let most = Facets::most(counts, Facets::MAX_VALUES).into_iter();
            most.map(|(value, count)| FacetCount { value, count }).collect()
        };
        Self { tags: wanted.tags.then(|| most(facets.tags)), artifact_type: wanted.types.then(|| most(facets.types)) }
    }
}
