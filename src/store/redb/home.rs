//! Where an account's signing in and out is told: the workspace whose audit has it.

use redb::ReadableTable;

use super::members;
use super::tables::{Tables, get, pair, second_of};
use crate::domain::{Membership, TenantId, UserId};
use crate::store::StoreResult;

/// How many of a user's memberships are looked at: those of workspaces that were deleted are being removed.
const LOOKED_AT: usize = 32;

/// The workspace `preferred`, if `user` is a member of it, else the first that it is a member of.
pub(super) fn of(tables: &mut Tables<'_>, user: UserId, preferred: Option<TenantId>) -> StoreResult<Option<TenantId>> {
    if let Some(tenant) = preferred
        && membership(tables, tenant, user)?.is_some()
    {
        return Ok(preferred);
    }
    let (first, last) = (pair(user.to_bytes(), [0; 16]), pair(user.to_bytes(), [u8::MAX; 16]));
    let rows = tables.memberships_by_user()?.range::<&[u8; 32]>(&first..=&last)?.take(LOOKED_AT);
    let tenants = rows.map(|row| Ok(TenantId::from_bytes(second_of(row?.0.value()))));
    for tenant in tenants.collect::<StoreResult<Vec<_>>>()? {
        if membership(tables, tenant, user)?.is_some() {
            return Ok(Some(tenant));
        }
    }
    Ok(None)
}

/// The place of an account in a workspace. One that was deleted has no members, though their rows may still be there.
pub(super) fn membership(tables: &mut Tables<'_>, tenant: TenantId, user: UserId) -> StoreResult<Option<Membership>> {
    if tables.workspaces_deleted()?.get(&tenant.to_bytes())?.is_some() {
        return Ok(None);
    }
    get(tables.members()?, &members::key(tenant, user))
}
