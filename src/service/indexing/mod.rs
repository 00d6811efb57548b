//! The background tasks that keep the search index: one follows the change log, others save it and merge its segments.

mod failures;
mod indexer;
mod rebuild;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::{Mutex, watch};

use super::{Search, Service};
use crate::domain::LogPosition;
use crate::followers::{Every, Failure, Follower as _, Task};
use crate::search::SegmentSize;
use crate::store::Store;

pub use self::indexer::Indexer;

/// How often the index is saved. A start after a crash takes in again what came since.
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// Rebuilds the search index, while nothing else uses the store and the index.
pub async fn reindex(store: Arc<dyn Store>, search: Arc<Search>) -> Result<(), Failure> {
    search.must_rebuild();
    let indexer = Indexer::new(store, search, None);
    indexer.start_again().await?;
    indexer.finish().await
}

/// The background task that puts on the disk what was committed, so that the next start has little to make up for.
pub struct SaveIndex {
    service: Arc<Service>,
    seconds: Every,
}

impl SaveIndex {
    /// The task for a service. Must be made on a runtime.
    pub fn new(service: Arc<Service>) -> Self {
        Self { service, seconds: Every::new(SAVE_EVERY) }
    }
}

#[async_trait]
impl Task for SaveIndex {
    fn name(&self) -> &'static str {
        "search_save"
    }

    async fn turn(&self) -> Result<(), Failure> {
        self.seconds.due().await;
        let saved = self.service.search.save().await;
        saved.map_err(|error| Failure::new("the search index can't be saved", error))
    }
}

/// The background task that merges many small segments, of which every write to the index leaves one, into few large ones: a
/// search reads all.
pub struct MergeSegments {
    service: Arc<Service>,
    size: SegmentSize,
    progress: Mutex<watch::Receiver<Option<LogPosition>>>,
}

impl MergeSegments {
    /// The task for the segments of a size in a service's index.
    pub fn new(service: Arc<Service>, size: SegmentSize) -> Self {
        let progress = Mutex::new(service.search.progress());
        Self { service, size, progress }
    }
}

#[async_trait]
impl Task for MergeSegments {
    fn name(&self) -> &'static str {
        match self.size {
            SegmentSize::Small => "search_merge_small",
            SegmentSize::Large => "search_merge_large",
        }
    }

    /// Merges as long as there is something worth it.
    async fn turn(&self) -> Result<(), Failure> {
        // The sender lives as long as the index.
        drop(self.progress.lock().await.changed().await);
        let (search, metrics) = (&self.service.search, self.service.telemetry.metrics());
        loop {
            let began = Instant::now();
            match search.merge(self.size).await {
                Ok(true) => {
                    let elapsed = began.elapsed();
                    search.note(|lasted| lasted.merge = Some(elapsed));
                    metrics.search_merged(elapsed);
                }
                Ok(false) => return Ok(()),
                // One that is being emptied is given up, too.
                Err(_) if search.reached().is_none() => return Ok(()),
                Err(error) => return Err(Failure::new("segments of the search index can't be merged", error)),
            }
        }
    }
}
