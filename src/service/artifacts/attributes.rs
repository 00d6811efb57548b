//! What the spans of lists and searches say.

use super::count;
use crate::domain::{FoundArtifacts, ListArtifacts, SearchText};
use crate::telemetry::annotate;

/// What was asked, without what was typed: the length of the text, not the text.
pub(super) fn annotate_list(text: Option<&SearchText>, list: &ListArtifacts) {
    let ListArtifacts { filter, sort, page } = list;
    annotate("artifact.query.present", text.is_some());
    annotate("artifact.query.length", count(text.map_or(0, |text| text.as_str().chars().count())));
    annotate("artifact.tag_count", count(filter.tags.len() + filter.tags_all.len() + filter.tags_none.len()));
    annotate("artifact.sort", sort.as_str());
    annotate("artifact.limit", count(page.limit));
    annotate("artifact.offset", count(page.offset()));
    annotate("artifact.cursor.present", page.after().is_some());
    annotate("artifact.include_deleted", filter.include_deleted);
}

/// How much was found.
pub(super) fn annotate_found(found: &FoundArtifacts) {
    annotate("artifact.result_count", count(found.items.len()));
    annotate("artifact.total", i64::try_from(found.total).unwrap_or(i64::MAX));
}
