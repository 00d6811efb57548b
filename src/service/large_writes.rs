//! Writes of many artifacts at once. Each keeps the store's one writer at work for long, so of the large ones no more than one is
//! with it at a time, and workspaces take turns: small writes of others wait for one of them at most.

use super::turns::{QueueLimits, Turns};
use super::{Caller, Error, Service};
use crate::domain::{Artifact, ArtifactWrite, TenantId};
use crate::store::StoreResult;
use crate::telemetry::in_current_context;

/// More artifacts than this at once are a large write.
const SMALL: usize = 100;
/// How many large writes may wait for their turn.
const QUEUE: QueueLimits = QueueLimits { waiting: 256, waiting_of_one: 64 };

/// Gives large writes their turns.
pub struct LargeWrites(Turns);

impl Default for LargeWrites {
    fn default() -> Self {
        Self(Turns::new(1, QUEUE))
    }
}

impl Service {
    /// Writes many artifacts in one commit, once it is the turn of their workspace.
    pub(super) async fn write_many(
        &self,
        caller: &Caller,
        tenant: TenantId,
        writes: Vec<ArtifactWrite>,
        atomic: bool,
    ) -> Result<Vec<StoreResult<Artifact>>, Error> {
        let (store, user) = (self.store.clone(), caller.user);
        if writes.len() <= SMALL {
            return Ok(store.write_artifacts(tenant, writes, atomic, user, self.stamp_of(caller)).await?);
        }
        let turn = self.large_writes.0.take(tenant).await.map_err(|_| Error::Overloaded)?;
        let stamp = self.stamp_of(caller);
        // A task of its own, for the turn lasts as long as the write: the writer goes on with it when the client has left.
        let written = tokio::spawn(in_current_context(async move {
            let written = store.write_artifacts(tenant, writes, atomic, user, stamp).await;
            drop(turn);
            written
        }));
        match written.await {
            Ok(written) => Ok(written?),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}
