//! The audit view: who did what in a workspace.

use super::{Caller, Error, Service};
use crate::domain::{Change, TenantId};
use crate::telemetry::{Operation, annotate};

/// A page of a workspace's changes, newest first.
pub struct ChangePage {
    /// The changes of this page.
    pub items: Vec<Change>,
    /// The position that the next page comes before, if there is one.
    pub next: Option<u64>,
}

impl Service {
    /// What was changed in a workspace, newest first, before position `before`.
    pub async fn audit(
        &self,
        caller: &Caller,
        tenant: TenantId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<ChangePage, Error> {
        self.in_workspace(Operation::WorkspaceAudit, caller, tenant, async {
            // One more than asked for tells whether there is a next page.
            let mut items = self.store.changes_of(tenant, before, limit + 1).await?;
            let has_more = items.len() > limit;
            items.truncate(limit);
            annotate("audit.result_count", i64::try_from(items.len()).unwrap_or(i64::MAX));
            let next = items.last().filter(|_| has_more).map(|change| change.seq);
            Ok(ChangePage { items, next })
        })
        .await
    }
}
