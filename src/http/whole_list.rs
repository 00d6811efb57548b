//! Lists that are answered whole, as clients of the older service know them, and page by page to clients that send a
//! limit or a cursor. The next page is in the `Link` header (RFC 8288): the body is an array in either case.

use std::cmp::Ordering;

use poem::http::{HeaderValue, Uri, header};
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaHeader, MetaResponses, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use serde::Serialize;
use uuid::Uuid;

use super::json::Json;
use super::problem::Problem;
use super::types::{Limit, within};
use crate::domain::Violations;

/// The order of the pages of a list, which is one of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The first to be created first.
    OldestFirst,
    /// The last to be created first.
    NewestFirst,
}

/// A list, or a page of it.
pub(super) struct WholeList<T> {
    items: Vec<T>,
    next: Option<HeaderValue>,
}

impl<T> WholeList<T> {
    /// What is asked for of `items`, each with its id: all, as they come, or, in `order`, as many as `limit` says after the
    /// one that `cursor` names.
    pub(super) fn new(
        items: Vec<(Uuid, T)>,
        order: Order,
        limit: Option<Limit>,
        cursor: Option<&str>,
        uri: &Uri,
    ) -> Result<Self, Problem> {
        let (limit, after) = check(limit, cursor).map_err(|violations| Problem::validation(&violations))?;
        let follows = |id: &Uuid, after: &Uuid| match order {
            Order::OldestFirst => id.cmp(after) == Ordering::Greater,
            Order::NewestFirst => id.cmp(after) == Ordering::Less,
        };
        let mut items = items;
        if limit.is_some() {
            // Ids need not be in the order that a whole list has: the older service's are random.
            items.sort_by(|(one, _), (other, _)| match order {
                Order::OldestFirst => one.cmp(other),
                Order::NewestFirst => other.cmp(one),
            });
        }
        items.retain(|(id, _)| after.is_none_or(|after| follows(id, &after)));
        let limit = limit.filter(|limit| *limit < items.len());
        let next = limit.map(|limit| {
            let (last, _) = items[limit - 1];
            items.truncate(limit);
            format!("<{}?{}>; rel=\"next\"", uri.path(), next_query(uri, limit, last))
        });
        let next = next.map(HeaderValue::try_from).transpose().map_err(Problem::internal)?;
        Ok(Self { items: items.into_iter().map(|(_, item)| item).collect(), next })
    }
}

/// The query of the next page: what else was asked for is asked for again.
fn next_query(uri: &Uri, limit: usize, last: Uuid) -> String {
    let asked = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let kept = asked.filter(|(name, _)| !matches!(name.as_ref(), "limit" | "cursor"));
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept)
        .append_pair("limit", &limit.to_string())
        .append_pair("cursor", &last.simple().to_string())
        .finish()
}

/// How many at most, when that was asked for, and after which.
fn check(limit: Option<Limit>, cursor: Option<&str>) -> Result<(Option<usize>, Option<Uuid>), Violations> {
    Violations::check(|check| {
        let limit = limit.or(cursor.map(|_| Limit::DEFAULT));
        let limit = check.field("/limit", limit.map(|limit| within(limit.0, 1, Limit::MAX)).transpose());
        let parse =
            |text| Uuid::try_parse(text).map_err(|_| "must be the cursor of a `Link` to a next page".to_owned());
        let after = check.field("/cursor", cursor.map(parse).transpose());
        Some((limit?, after?))
    })
}

impl<T: Serialize + Send> IntoResponse for WholeList<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.items).into_response();
        if let Some(next) = self.next {
            response.headers_mut().insert(header::LINK, next);
        }
        response
    }
}

impl<T: Type + Send + Sync> ApiResponse for WholeList<T>
where
    Vec<T>: Type,
{
    fn meta() -> MetaResponses {
        let mut meta = Json::<Vec<T>>::meta();
        for response in &mut meta.responses {
            response.headers.push(MetaHeader {
                name: "Link".to_owned(),
                description: Some("Where the next page is (RFC 8288), when there is one.".to_owned()),
                required: false,
                deprecated: false,
                schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))),
            });
        }
        meta
    }

    fn register(registry: &mut Registry) {
        Json::<Vec<T>>::register(registry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The items of a page, and the cursor of the next.
    fn page(order: Order, ids: &[u128], limit: Option<i64>, cursor: Option<u128>) -> (Vec<u128>, Option<String>) {
        let items = ids.iter().map(|id| (Uuid::from_u128(*id), *id)).collect();
        let cursor = cursor.map(|id| Uuid::from_u128(id).to_string());
        let uri = Uri::from_static("/list?limit=2");
        let list = WholeList::new(items, order, limit.map(Limit), cursor.as_deref(), &uri).expect("a page");
        (list.items, list.next.map(|next| next.to_str().expect("text").to_owned()))
    }

    #[test]
    fn a_list_is_whole_unless_a_page_is_asked_for() {
        assert_eq!(page(Order::OldestFirst, &[1, 2, 3], None, None), (vec![1, 2, 3], None));
        let next = "</list?limit=2&cursor=00000000000000000000000000000002>; rel=\"next\"";
        assert_eq!(page(Order::OldestFirst, &[1, 2, 3], Some(2), None), (vec![1, 2], Some(next.to_owned())));
        assert_eq!(page(Order::OldestFirst, &[1, 3], Some(2), Some(2)), (vec![3], None), "what it names is gone");
        assert_eq!(page(Order::NewestFirst, &[3, 2, 1], None, Some(3)), (vec![2, 1], None));
        assert_eq!(page(Order::OldestFirst, &[1, 2], Some(2), None), (vec![1, 2], None));
    }

    #[test]
    fn pages_have_everything_once_whatever_order_the_ids_are_in() {
        assert_eq!(page(Order::OldestFirst, &[9, 1, 5], None, None).0, [9, 1, 5], "a whole list is as it comes");
        assert_eq!(page(Order::OldestFirst, &[9, 1, 5], Some(2), None).0, [1, 5]);
        assert_eq!(page(Order::OldestFirst, &[9, 1, 5], Some(2), Some(5)).0, [9]);
        assert_eq!(page(Order::NewestFirst, &[1, 9, 5], Some(2), None).0, [9, 5]);
        assert_eq!(page(Order::NewestFirst, &[1, 9, 5], Some(2), Some(5)).0, [1]);
    }

    #[test]
    fn a_page_has_bounds() {
        let uri = Uri::from_static("/list");
        for (limit, cursor) in [(Some(0), None), (Some(101), None), (None, Some("nonsense"))] {
            let list = WholeList::<u8>::new(Vec::new(), Order::OldestFirst, limit.map(Limit), cursor, &uri);
            assert!(list.is_err(), "{limit:?} {cursor:?}");
        }
    }
}
