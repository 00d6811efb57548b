//! Sets right what is derived from rows: what depends on some that were removed because they were old, of which the change
//! log says nothing, and the order of creation.

use std::collections::BTreeMap;

use redb::{ReadableTable as _, WriteTransaction};

use crate::domain::TenantId;
use crate::store::StoreResult;
use crate::store::redb::counters::Counter;
use crate::store::redb::migrate::{add_bytes, order_by_creation};
use crate::store::redb::tables::{CHANGES, COUNTERS};
use crate::store::redb::transaction::Tables;

/// Removes the entries of the change log that the other database had no more, counts the bytes of every workspace again, for
/// versions that were removed there may still be here, and puts the artifacts in the order of their creation, which changes
/// don't have.
pub(super) fn settle(txn: &WriteTransaction) -> StoreResult<()> {
    let oldest = txn.open_table(COUNTERS)?.get(&Counter::OldestChange.of_all())?.map_or(0, |row| row.value());
    txn.open_table(CHANGES)?.retain_in(..oldest, |_, _| false)?;
    let (mut tables, mut bytes) = (Tables::of(txn), BTreeMap::new());
    add_bytes(tables.artifacts()?, &mut bytes)?;
    add_bytes(tables.artifacts_trash()?, &mut bytes)?;
    add_bytes(tables.artifact_versions()?, &mut bytes)?;
    let rows = tables.workspaces()?.iter()?;
    let tenants = rows.map(|row| Ok(TenantId::from_bytes(*row?.0.value()))).collect::<StoreResult<Vec<_>>>()?;
    for tenant in tenants {
        let found = bytes.get(&tenant).copied().unwrap_or_default();
        if tables.counters()?.count_in(tenant, Counter::Bytes)? != found {
            tables.counters()?.set(Counter::Bytes.of_tenant(tenant), Some(found))?;
        }
    }
    tables.finish()?;
    order_by_creation(txn)
}
