//! The query string of a listing.

use crate::domain::{ArtifactFilter, ListArtifacts, Page, SearchText, Tag, Tags, Violations};
use crate::http::types::{Limit, Offset, Time, within};

/// A listing as it was asked for, unchecked.
pub(super) struct ListQuery {
    pub q: Option<String>,
    pub tags: Vec<String>,
    pub created_after: Option<Time>,
    pub created_before: Option<Time>,
    pub limit: Option<Limit>,
    pub offset: Option<Offset>,
}

impl ListQuery {
    /// Checks every parameter. Pointers name the parameter.
    pub(super) fn check(self) -> Result<ListArtifacts, Violations> {
        Violations::check(|check| {
            let text = check.field("/q", self.q.as_deref().map_or(Ok(None), SearchText::parse));
            let tags = check.field("/tags", check_tags(&self.tags));
            let limit = check.field("/limit", within(self.limit.unwrap_or(Limit::DEFAULT).0, 1, Limit::MAX));
            let offset = check.field("/offset", within(self.offset.map_or(0, |offset| offset.0), 0, Offset::MAX));
            Some(ListArtifacts {
                filter: ArtifactFilter {
                    text: text?,
                    tags: tags?,
                    created_after: self.created_after.map(|time| time.0),
                    created_before: self.created_before.map(|time| time.0),
                },
                page: Page { limit: limit?, offset: offset? },
            })
        })
    }
}

/// Each tag once. Repetitions don't count: only what is looked for costs.
fn check_tags(texts: &[String]) -> Result<Vec<Tag>, String> {
    let mut tags = Vec::new();
    for text in texts.iter().flat_map(|texts| texts.split(',')).filter(|text| !text.trim().is_empty()) {
        let tag = Tag::parse(text)?;
        if tags.contains(&tag) {
            continue;
        }
        if tags.len() == Tags::MAX {
            return Err(format!("must be at most {} tags", Tags::MAX));
        }
        tags.push(tag);
    }
    Ok(tags)
}
