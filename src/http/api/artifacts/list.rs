//! The query string of a listing, and the page it is answered with.

use uuid::Uuid;

use super::body::PageBody;
use super::fields::{FacetNames, TagList, TypeText};
use crate::domain::{
    ArtifactFilter, ArtifactType, FacetFields, ListArtifacts, Page, SearchArtifacts, SearchText, Sort, SortBy, Start,
    Tag, Tags, TenantId, Violations,
};
use crate::http::json::Json;
use crate::http::problem::Problem;
use crate::http::query_parameters::query_parameters;
use crate::http::types::{Flag, Limit, Offset, SearchParameter, SortName, Time, within};
use crate::http::{artifact_cursor, cursor};
use crate::service::{Caller, CursorKey, Service};

/// The most that are passed over in another order than that of creation: as many places have to be remembered.
const MAX_SORTED_OFFSET: i64 = 10_000;

query_parameters! {
    /// A listing as it was asked for, unchecked.
    ListQuery {
        /// What is looked for. All words must be there; `"in a row"`, `-not`, `one OR other`, `begin*`, `name:`, `tag:`,
        /// `type:`, `by:`, `meta.key:`.
        q: SearchParameter,
        /// Tags of which any is enough, repeated or separated by commas.
        tags: TagList,
        /// Tags that must all be there, repeated or separated by commas.
        tags_all: TagList,
        /// Tags that must not be there, repeated or separated by commas.
        tags_none: TagList,
        /// Of this type.
        artifact_type: TypeText,
        /// Created by this account.
        created_by: Uuid,
        /// Created at this time or later.
        created_after: Time,
        /// Created at this time or earlier.
        created_before: Time,
        /// Also those in the trash; `is_active` says which they are.
        include_deleted: Flag,
        /// The order.
        sort: SortName,
        /// How many at most.
        limit: Limit,
        /// How many are passed over; with another order than that of creation, 10000 at most.
        offset: Offset,
        /// The `next_cursor` of the page before, of the same list.
        cursor: String,
        /// What is counted of all that match: `tags`, `artifact_type`, or both separated by a comma.
        facets: FacetNames,
    }
}

impl ListQuery {
    /// Checks every parameter. Pointers name the parameter.
    fn check(self, key: &CursorKey, tenant: TenantId, highlights: bool) -> Result<SearchArtifacts, Problem> {
        let invalid = |violations| Problem::validation(&violations);
        cursor::require_current(key, self.cursor.as_deref())?;
        let (text, filter, sort, facets) = Violations::check(|check| {
            let text = check.field("/q", self.q.as_ref().map_or(Ok(None), |q| SearchText::parse(&q.0)));
            let tags = check.field("/tags", check_tags(self.tags));
            let tags_all = check.field("/tags_all", check_tags(self.tags_all));
            let tags_none = check.field("/tags_none", check_tags(self.tags_none));
            let artifact_type =
                check.optional("/artifact_type", self.artifact_type.map(|text| ArtifactType::parse(&text.0)));
            let sort = check.field("/sort", self.sort.map(|name| Sort::parse(&name.0)).transpose());
            let facets = check.field("/facets", check_facets(self.facets.as_ref()));
            let text = text?;
            let sort = match sort? {
                // What is looked for decides what is relevant.
                None | Some(Sort::RELEVANCE) if text.is_none() => Sort::NEWEST_FIRST,
                sort => sort.unwrap_or(Sort::RELEVANCE),
            };
            let filter = ArtifactFilter {
                tags: tags?,
                tags_all: tags_all?,
                tags_none: tags_none?,
                artifact_type,
                created_by: self.created_by.map(Into::into),
                created_after: self.created_after.map(|time| time.0),
                created_before: self.created_before.map(|time| time.0),
                include_deleted: Flag::is_set(self.include_deleted),
            };
            Some((text, filter, sort, facets?))
        })
        .map_err(invalid)?;
        let mut is_expired = false;
        let (page, ranking) = Violations::check(|check| {
            let limit = check.field("/limit", check_limit(self.limit));
            let (start, ranking) = match (self.cursor, self.offset) {
                (None, offset) => {
                    let is_stored_order = sort.by == SortBy::CreatedAt && text.is_none();
                    let most = if is_stored_order { Offset::MAX } else { MAX_SORTED_OFFSET };
                    let offset = within(offset.map_or(0, |offset| offset.0), 0, most);
                    (check.field("/offset", offset).map(Start::Offset), None)
                }
                (Some(cursor), None) => {
                    let place = artifact_cursor::place(key, &cursor, tenant, (&text, &filter, sort));
                    let (position, ranking) = check.field("/cursor", place)?;
                    is_expired = sort.had(&position);
                    (Some(Start::After(position)), ranking)
                }
                (Some(_), Some(_)) => {
                    (check.field("/cursor", Err("can't be combined with an offset".to_owned())), None)
                }
            };
            Some((Page { limit: limit?, start: start? }, ranking))
        })
        .map_err(invalid)?;
        if is_expired {
            return Err(Problem::cursor_expired());
        }
        let list = ListArtifacts { filter, sort, page };
        Ok(SearchArtifacts { text, list, facets, highlights, ranking })
    }
}

/// The answer to a listing, with the cursor of the next page. With `highlights`, what was found is marked.
pub(super) async fn answer(
    service: &Service,
    caller: &Caller,
    tenant: TenantId,
    query: ListQuery,
    highlights: bool,
) -> Result<Json<PageBody>, Problem> {
    let key = &service.signatures.cursor_key;
    let wanted = query.check(key, tenant, highlights)?;
    let SearchArtifacts { text, list: ListArtifacts { filter, sort, page: window }, facets, .. } = wanted.clone();
    let found = if text.is_some() || facets.any() {
        service.search_artifacts(caller, tenant, wanted).await?
    } else {
        service.artifacts(caller, tenant, wanted.list).await?
    };
    let next = artifact_cursor::next(key, tenant, (&text, &filter, sort), &found);
    Ok(Json(PageBody::new(found, &window, next, facets)))
}

fn check_facets(names: Option<&FacetNames>) -> Result<FacetFields, String> {
    let mut fields = FacetFields::default();
    for name in names.into_iter().flat_map(|names| names.0.split(',')) {
        match name {
            "tags" => fields.tags = true,
            "artifact_type" => fields.types = true,
            _ => return Err("must be tags, artifact_type, or both separated by a comma".to_owned()),
        }
    }
    Ok(fields)
}

/// Each tag once. Repetitions don't count: only what is looked for costs.
fn check_tags(list: Option<TagList>) -> Result<Vec<Tag>, String> {
    let too_many = || format!("must be at most {} tags", Tags::MAX);
    let mut tags = Vec::new();
    let texts = list.map_or_else(Vec::new, |list| list.0);
    if texts.len() > Tags::MAX {
        return Err(too_many());
    }
    for text in texts.iter().flat_map(|texts| texts.split(',')).filter(|text| !text.trim().is_empty()) {
        let tag = Tag::parse(text)?;
        if tags.contains(&tag) {
            continue;
        }
        if tags.len() == Tags::MAX {
            return Err(too_many());
        }
        tags.push(tag);
    }
    Ok(tags)
}

/// How many a page of anything holds at most.
pub(super) fn check_limit(limit: Option<Limit>) -> Result<usize, String> {
    within(limit.unwrap_or(Limit::DEFAULT).0, 1, Limit::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::{ListPosition, Ranking};

    #[test]
    fn a_cursor_of_an_older_order_of_names_is_gone() {
        let (key, tenant) = (CursorKey::derive(&[1; 32]), TenantId::from_bytes([1; 16]));
        let sort = Sort { by: SortBy::Name, descending: false };
        let list = cursor::digest(&(&None::<SearchText>, &ArtifactFilter::default(), sort));
        let creation = json!({"at": 0, "id": "01890a5d-ac96-774b-bcce-b302099a8057"});
        for (name, status) in
            [(json!({"Name": "anvil"}), 410), (json!({"Collated": [0, [42]]}), 410), (json!("CreatedAt"), 422)]
        {
            let position: ListPosition =
                serde_json::from_value(json!({"key": name, "creation": creation})).expect("a place");
            let cursor = cursor::encode(&key, "artifacts", tenant, &(list, &position, None::<Ranking>));
            let query = ListQuery { sort: Some(SortName("name".to_owned())), cursor, ..ListQuery::default() };
            let refused = query.check(&key, tenant, false).map(drop).expect_err("it is refused");
            assert_eq!(refused.into_part().0, status, "{name}");
        }
    }
}
