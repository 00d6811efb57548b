//! The audit view: who did what in a workspace.

use super::{Caller, Error, Service};
use crate::domain::{LogPage, LogPlace, TenantId};
use crate::telemetry::{Operation, annotate};

impl Service {
    /// What was changed in a workspace, newest first, from where a page before ended.
    pub async fn audit(
        &self,
        caller: &Caller,
        tenant: TenantId,
        from: Option<LogPlace>,
        limit: usize,
    ) -> Result<LogPage, Error> {
        self.in_workspace(Operation::WorkspaceAudit, caller, tenant, async {
            let page = self.store.changes_of(tenant, from, limit).await?;
            annotate("audit.result_count", i64::try_from(page.items.len()).unwrap_or(i64::MAX));
            Ok(page)
        })
        .await
    }
}
