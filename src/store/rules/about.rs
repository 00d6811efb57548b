//! Which workspace it is about that an account signs in or out: the one whose audit view shows it.

use super::rows::members;
use crate::domain::{TenantId, UserId};
use crate::store::StoreResult;
use crate::store::engine::{Source, Span, Table, second_of};
use crate::store::reading::{Reading as _, readable};

/// How many of a user's memberships are tried: those of workspaces that were deleted are being removed.
const TRIED: usize = 32;

/// The workspace `preferred`, if `user` is a member of it, else the first that it has chosen to be a member of: adding
/// somebody to a workspace does not show when and from where they sign in.
pub(super) fn of(source: &impl Source, user: UserId, preferred: Option<TenantId>) -> StoreResult<Option<TenantId>> {
    if let Some(tenant) = preferred
        && readable(members::find(source, tenant, user))?.is_some()
    {
        return Ok(preferred);
    }
    let span = Span::under(Table::MembershipsByUser, &user.to_bytes());
    for (key, _) in source.keys(Table::MembershipsByUser, &span, TRIED)? {
        let Ok(key) = <&[u8; 32]>::try_from(key.as_slice()) else { continue };
        let tenant = TenantId::from_bytes(second_of(key));
        if readable(members::find_chosen(source, tenant, user))?.is_some() {
            return Ok(Some(tenant));
        }
    }
    Ok(None)
}
