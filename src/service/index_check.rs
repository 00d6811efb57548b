//! Whether the search index says the same as the store.

use std::collections::HashSet;

use crate::domain::{ArtifactId, Change, ChangeKind, LogPosition, TenantId};
use crate::search::IndexContents;
use crate::store::{Store, StoreResult};

/// Entries of the change log, and workspaces, that are read at once.
const ROWS_AT_ONCE: usize = 1000;

/// What the index says of the artifacts otherwise than the store, a line each. What the change log has after the position
/// that the index has reached, also what comes while it is compared, is nothing that it has to know yet.
pub async fn check_index(store: &dyn Store, mut index: IndexContents) -> StoreResult<Vec<String>> {
    let newest = store.newest_change(None).await?;
    if index.reached > newest {
        let reached = index.reached;
        return Ok(vec![format!("the search index knows of change {reached}, and the newest is {newest}")]);
    }
    let mut findings: Vec<(ArtifactId, String)> = Vec::new();
    let mut after = None;
    loop {
        let tenants = store.tenants_after(after, ROWS_AT_ONCE).await?;
        after = tenants.last().copied();
        for tenant in &tenants {
            check_tenant(store, *tenant, &mut index, &mut findings).await?;
        }
        if tenants.len() < ROWS_AT_ONCE {
            break;
        }
    }
    let later = Later::after(store, index.reached).await?;
    // Those whose workspace was deleted can't be compared any more.
    if !later.has_deleted_workspace {
        let left = index.updated_at.into_keys();
        findings.extend(left.map(|id| (id, format!("the search index has the artifact {id}, which is not there"))));
    }
    findings.retain(|(id, _)| !later.artifacts.contains(id));
    Ok(findings.into_iter().map(|(_, finding)| finding).collect())
}

async fn check_tenant(
    store: &dyn Store,
    tenant: TenantId,
    index: &mut IndexContents,
    findings: &mut Vec<(ArtifactId, String)>,
) -> StoreResult<()> {
    let mut after = None;
    loop {
        let page = store.artifacts_after(tenant, after, true).await?;
        after = page.next;
        for artifact in &page.items {
            // What can't be read is no matter of the index.
            let Ok(artifact) = artifact else { continue };
            let id = artifact.id;
            let known = index.updated_at.remove(&id);
            if known == Some(artifact.updated_at.as_microsecond()) {
                continue;
            }
            let finding = match known {
                Some(_) => format!("the search index has another version of the artifact {id}"),
                None => format!("the search index lacks the artifact {id}"),
            };
            findings.push((id, finding));
        }
        if after.is_none() {
            return Ok(());
        }
    }
}

/// What the index has still to learn.
#[derive(Default)]
struct Later {
    artifacts: HashSet<ArtifactId>,
    has_deleted_workspace: bool,
}

impl Later {
    async fn after(store: &dyn Store, mut reached: LogPosition) -> StoreResult<Self> {
        let mut later = Self::default();
        loop {
            let batch = store.changes(reached, ROWS_AT_ONCE).await?;
            reached = batch.end;
            for Change { kind, .. } in batch.changes {
                match kind {
                    ChangeKind::WorkspaceDeleted(_) => later.has_deleted_workspace = true,
                    _ => later.artifacts.extend(kind.artifact()),
                }
            }
            if !batch.has_more {
                return Ok(later);
            }
        }
    }
}
