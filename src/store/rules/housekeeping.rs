//! Removes what was in workspaces that were deleted, and what has been kept for long enough, a few rows with each intent, so
//! that other writes come in between. Each intent is about one workspace.
//!
//! The mark of a workspace goes last: after a crash half-way, the rest is found again.

use async_trait::async_trait;
use futures_util::future::try_join_all;

use super::artifacts::{histories, trash};
use super::expired::{AT_ONCE, ExpiredBatch};
use super::rows::members;
use super::rows::workspaces::tenant_in;
use super::{nobody, write};
use crate::domain::{Stamp, TenantId, Timestamp, UserId};
use crate::store::engine::{End, Engine, Name, Source, Span, Table, Tx};
use crate::store::reading::Reading as _;
use crate::store::{Housekeeping, StoreResult, TrashPlace, VersionPlace};

#[async_trait]
impl<E: Engine> Housekeeping for E {
    async fn sweep_deleted_workspaces(&self, limit: usize) -> StoreResult<bool> {
        let first = |source: &dyn Source| {
            let keys = source.keys(Table::WorkspacesDeleted, &Span::all(), 1)?;
            Ok(keys.first().and_then(|(key, _)| tenant_in(key)))
        };
        let Some(tenant) = self.read(Name::new("get", "workspaces_deleted"), first).await? else { return Ok(false) };
        let rule = move |tx: &mut Tx<'_>| sweep(tx, tenant, limit);
        self.write(Name::new("delete", "workspaces_deleted"), nobody(), rule).await
    }

    async fn purge_old_trash(
        &self,
        before: Timestamp,
        after: Option<TrashPlace>,
        limit: usize,
        stamp: Stamp,
    ) -> StoreResult<Option<TrashPlace>> {
        let look = |source: &dyn Source| trash::look(source, before, after, limit);
        let ExpiredBatch { old, next, .. } = self.read(Name::new("list", "artifacts_trash"), look).await?;
        for some in by_tenant(&old, |(tenant, _)| *tenant).chunks(AT_ONCE) {
            let purge = |(tenant, old): &(TenantId, Vec<TrashPlace>)| {
                let (tenant, old) = (*tenant, old.clone());
                let rule = move |tx: &mut Tx<'_>| trash::purge_all(tx, tenant, &old, before);
                write(self, Name::new("delete", "artifacts_trash"), stamp.clone(), rule)
            };
            try_join_all(some.iter().map(purge)).await?;
        }
        Ok(next)
    }

    async fn trim_histories(
        &self,
        before: Timestamp,
        after: Option<VersionPlace>,
        limit: usize,
    ) -> StoreResult<Option<VersionPlace>> {
        let look = |source: &dyn Source| histories::look(source, before, after, limit);
        let ExpiredBatch { old, next, .. } = self.read(Name::new("list", "artifact_versions"), look).await?;
        for some in by_tenant(&old, |(tenant, ..)| *tenant).chunks(AT_ONCE) {
            let remove = |(_, old): &(TenantId, Vec<VersionPlace>)| {
                let old = old.clone();
                let rule = move |tx: &mut Tx<'_>| histories::remove_all(tx, &old);
                self.write(Name::new("delete", "artifact_versions"), nobody(), rule)
            };
            try_join_all(some.iter().map(remove)).await?;
        }
        Ok(next)
    }

    async fn trim_changes(&self, before: Timestamp, limit: usize) -> StoreResult<bool> {
        Engine::trim_changes(self, before, limit).await
    }
}

/// Places that are in the order of their tenants, by tenant.
fn by_tenant<P: Clone>(places: &[P], tenant_of: impl Fn(&P) -> TenantId) -> Vec<(TenantId, Vec<P>)> {
    let groups = places.chunk_by(|one, other| tenant_of(one) == tenant_of(other));
    groups.map(|group| (tenant_of(&group[0]), group.to_vec())).collect()
}

/// See [`Housekeeping::sweep_deleted_workspaces`].
fn sweep(tx: &mut Tx<'_>, tenant: TenantId, limit: usize) -> StoreResult<bool> {
    let mut left = limit;
    for table in Table::IN_WORKSPACES {
        for (key, _) in tx.keys(table, &Span::under(table, &tenant.to_bytes()), left)? {
            if table == Table::Members
                && let Some(user) = key[16..].first_chunk()
            {
                tx.remove(Table::MembershipsByUser, &members::by_user(tenant, UserId::from_bytes(*user)));
            }
            tx.remove(table, &key);
            left -= 1;
        }
        if left == 0 {
            return Ok(true);
        }
    }
    tx.end(tenant, End::Erased);
    tx.remove(Table::WorkspacesDeleted, &tenant.to_bytes());
    tx.has_more_than(Table::WorkspacesDeleted, &Span::all(), 0)
}
