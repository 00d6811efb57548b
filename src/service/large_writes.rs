//! Writes of many artifacts at once. Each keeps the store's one writer at work for long, so only so few of them are with it
//! at a time that single writes of others hardly wait for them, and workspaces take turns.

use super::turns::{QueueLimits, Turns};
use super::{Error, Service};
use crate::domain::{Artifact, ArtifactWrite, Stamp, TenantId, UserId};
use crate::store::StoreResult;
use crate::telemetry::in_current_context;

/// Writes of up to this many artifacts need no turn.
const FEW: usize = 10;
/// More artifacts than this at once are a large write: a part of an import. Others are those of bulk requests.
const MANY: usize = 100;
/// How many writes of up to [`MANY`] are with the writer at a time: enough to keep it busy while others are answered.
const AT_ONCE: usize = 2;
/// How many writes may wait for their turn.
const QUEUE: QueueLimits = QueueLimits { waiting: 256, waiting_of_one: 64 };

/// Gives writes of many artifacts their turns.
pub struct LargeWrites {
    medium: Turns,
    large: Turns,
}

impl Default for LargeWrites {
    fn default() -> Self {
        Self { medium: Turns::new(AT_ONCE, QUEUE), large: Turns::new(1, QUEUE) }
    }
}

impl Service {
    /// Writes many artifacts in one commit, as those of an account, once it is the turn of their workspace.
    pub(super) async fn write_many(
        &self,
        tenant: TenantId,
        writes: Vec<ArtifactWrite>,
        atomic: bool,
        (user, mut stamp): (UserId, Stamp),
    ) -> Result<Vec<StoreResult<Artifact>>, Error> {
        let store = self.store.clone();
        if writes.len() <= FEW {
            return Ok(store.write_artifacts(tenant, writes, atomic, user, stamp).await?);
        }
        let turns = if writes.len() <= MANY { &self.large_writes.medium } else { &self.large_writes.large };
        let turn = turns.take(tenant).await.map_err(|_| Error::Overloaded)?;
        // The turn may have been long in coming.
        stamp.at = self.clock.now();
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
