//! Cursors of lists of artifacts: each is good for the same filters in the same order.

use super::cursor;
use crate::domain::{ArtifactFilter, FoundArtifacts, ListPosition, Ranking, SearchText, Sort, TenantId};
use crate::service::CursorKey;

/// What cursors call a listing of artifacts.
const LIST: &str = "artifacts";

/// What identifies a list: what is looked for, the filters and the order.
pub(crate) type ListId<'a> = (&'a Option<SearchText>, &'a ArtifactFilter, Sort);

/// The cursor of the page after this one, if there is one.
pub(crate) fn next(key: &CursorKey, tenant: TenantId, list: ListId<'_>, found: &FoundArtifacts) -> Option<String> {
    let position = found.next.as_ref()?;
    cursor::encode(key, LIST, tenant, &(cursor::digest(&list), position, &found.ranking))
}

/// Where a cursor points to, and what the order there depends on, if it is one of this list, maybe in the order that it had
/// before the data of that changed.
pub(crate) fn place(
    key: &CursorKey,
    text: &str,
    tenant: TenantId,
    list: ListId<'_>,
) -> Result<(ListPosition, Option<Ranking>), String> {
    let (digest, position, ranking) =
        cursor::decode::<([u8; 32], ListPosition, Option<Ranking>)>(key, text, LIST, tenant)?;
    if digest == cursor::digest(&list) && (list.2.has(&position) || list.2.had(&position)) {
        Ok((position, ranking))
    } else {
        Err("is of a list with other filters or another sort; repeat them with it".to_owned())
    }
}
