//! What a page of the catalog shows, as its URL says: what can be sent to somebody else.

use crate::console::links;
use crate::domain::{
    ArtifactFilter, ArtifactType, FacetFields, ListArtifacts, Page, SearchArtifacts, SearchText, Sort, Start, Tag,
    TenantId, Violations,
};
use crate::http::pages::artifact_cursor;
use crate::service::CursorKey;

/// How many artifacts a page shows.
const ON_PAGE: usize = 20;

/// What is wanted, unchecked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    /// What is looked for.
    pub q: String,
    /// All of these tags.
    pub tags: Vec<String>,
    /// Of this type; empty for all.
    pub kind: String,
    /// In this order; empty for the usual one.
    pub sort: String,
    /// Where the page begins; empty for the first.
    pub cursor: String,
}

impl Query {
    /// What a query string says.
    pub fn parse(query: &str) -> Self {
        let mut wanted = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.trim().to_owned();
            match &*name {
                "q" => wanted.q = value,
                "tag" if !value.is_empty() && !wanted.tags.contains(&value) => wanted.tags.push(value),
                "type" => wanted.kind = value,
                "sort" => wanted.sort = value,
                "cursor" => wanted.cursor = value,
                _ => {}
            }
        }
        wanted
    }

    /// Where this is shown.
    pub fn link(&self, tenant: TenantId) -> String {
        let one = [("q", &self.q), ("type", &self.kind), ("sort", &self.sort), ("cursor", &self.cursor)];
        let one = one.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name, value.as_str()));
        let tags = self.tags.iter().map(|tag| ("tag", tag.as_str()));
        links::with_query(&links::catalog(tenant), &one.chain(tags).collect::<Vec<_>>())
    }

    /// The same with other filters, from the first page on.
    pub fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut changed = Self { cursor: String::new(), ..self.clone() };
        change(&mut changed);
        changed
    }

    /// Whether it narrows the catalog at all.
    pub fn is_narrowed(&self) -> bool {
        !self.q.is_empty() || !self.tags.is_empty() || !self.kind.is_empty()
    }

    /// What is asked of the service.
    pub fn check(&self, key: &CursorKey, tenant: TenantId) -> Result<SearchArtifacts, Violations> {
        let (text, filter, sort) = Violations::check(|check| {
            let text = check.field("/q", SearchText::parse(&self.q))?;
            let tags = check.field("/tag", self.tags.iter().map(|tag| Tag::parse(tag)).collect::<Result<Vec<_>, _>>());
            let kind = Some(&self.kind).filter(|kind| !kind.is_empty()).map(|kind| ArtifactType::parse(kind));
            let artifact_type = check.optional("/type", kind);
            let sort = match self.sort.as_str() {
                "" | "relevance" if text.is_none() => Sort::NEWEST_FIRST,
                "" => Sort::RELEVANCE,
                name => check.field("/sort", Sort::parse(name))?,
            };
            Some((text, ArtifactFilter { tags_all: tags?, artifact_type, ..ArtifactFilter::default() }, sort))
        })?;
        let (start, ranking) = match self.cursor.as_str() {
            "" => (Start::Offset(0), None),
            cursor => {
                let place = artifact_cursor::place(key, cursor, tenant, (&text, &filter, sort));
                let (position, ranking) = place.map_err(|detail| Violations::one("/cursor", detail))?;
                if sort.had(&position) {
                    return Err(Violations::one("/cursor", "is of an order that is no longer the same; begin again"));
                }
                (Start::After(position), ranking)
            }
        };
        let list = ListArtifacts { filter, sort, page: Page { limit: ON_PAGE, start } };
        Ok(SearchArtifacts { text, list, facets: FacetFields { tags: true, types: true }, highlights: true, ranking })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_what_it_was_made_of() {
        let wanted = Query {
            q: "a & b ü".to_owned(),
            tags: vec!["x".to_owned(), "two words".to_owned()],
            kind: "service".to_owned(),
            sort: "-name".to_owned(),
            cursor: String::new(),
        };
        let link = wanted.link(TenantId::from_bytes([1; 16]));
        let (_, query) = link.split_once('?').expect("a query");
        assert_eq!(Query::parse(query), wanted);
        assert_eq!(Query::parse("tag=&tag=a&tag=a&x=1").tags, ["a"]);
    }
}
