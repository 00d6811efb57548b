//! Rebuilding the search index from all artifacts there are.

use super::failures::{unread, unwritten};
use super::indexer::{Indexer, Uncommitted};
use crate::domain::TenantId;
use crate::followers::Failure;
use crate::search::{IndexChange, SearchIndex};

/// Workspaces that are read at once.
const TENANTS_AT_ONCE: usize = 1000;
/// How often the log says how far it is: after this number of artifacts.
const LOG_EVERY: u64 = 50_000;

impl Indexer {
    /// Fills an empty index from all artifacts, and takes in what changed meanwhile.
    pub(super) async fn rebuild(&self) -> Result<(), Failure> {
        self.search.publish(None);
        let reached = self.store.newest_change(None).await.map_err(unread)?;
        let total = self.store.counts().await.map_err(unread)?.artifacts;
        self.search.rebuilding(0, total);
        self.search.change(SearchIndex::clear).await.map_err(unwritten)?;
        self.search.mended();
        let (mut done, mut after) = (0, None);
        loop {
            let tenants = self.store.tenants_after(after, TENANTS_AT_ONCE).await.map_err(unread)?;
            after = tenants.last().copied();
            for tenant in &tenants {
                self.rebuild_tenant(*tenant, &mut done, total).await?;
            }
            if tenants.len() < TENANTS_AT_ONCE {
                break;
            }
        }
        let known = self.store.newest_change(None).await.map_err(unread)?;
        // An empty index is committed, too.
        *self.uncommitted() = Uncommitted { changes: 1, known };
        self.follow(reached).await?;
        if total > 0 {
            tracing::info!(artifacts = done, "the search index is complete");
        }
        Ok(())
    }

    async fn rebuild_tenant(&self, tenant: TenantId, done: &mut u64, total: u64) -> Result<(), Failure> {
        let mut after = None;
        loop {
            let page = self.store.artifacts_after(tenant, after, true).await.map_err(unread)?;
            after = page.next;
            let count = page.items.len() as u64;
            // What can't be read isn't found.
            let artifacts = page.items.into_iter().flatten();
            let changes: Vec<_> = artifacts.map(|artifact| IndexChange::Add(Box::new(artifact))).collect();
            self.search.change(move |index| index.write(&changes)).await.map_err(unwritten)?;
            if (*done + count) / LOG_EVERY > *done / LOG_EVERY {
                tracing::info!(done = *done + count, total, "rebuilding the search index");
            }
            *done += count;
            self.search.rebuilding(*done, total);
            if after.is_none() {
                return Ok(());
            }
        }
    }
}
