//! Waits for the database on threads that may: backups, checks and folds over many rows read row after row, on threads of
//! their own or where nothing else is to be done. Their connections live on a small runtime beside that of the server.

use std::future::Future;
use std::sync::mpsc;

use tokio::runtime::{Builder, Runtime};

use crate::store::{Cause, StoreError, StoreResult};

/// Such a runtime.
pub(super) struct Io(Option<Runtime>);

impl Io {
    /// Starts it.
    pub fn start() -> StoreResult<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("store-io").enable_all().build();
        Ok(Self(Some(runtime.map_err(|error| StoreError::Unavailable(Cause::new(error)))?)))
    }

    /// Blocks until something is done there.
    pub fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = StoreResult<T>> + Send + 'static,
    ) -> StoreResult<T> {
        let (sender, done) = mpsc::sync_channel(1);
        self.spawn(async move { drop(sender.send(work.await)) });
        done.recv().unwrap_or_else(|_| Err(StoreError::unavailable("it was given up")))
    }

    /// Has something done there that nobody waits for.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.0 {
            drop(runtime.spawn(work));
        }
    }
}

impl Drop for Io {
    fn drop(&mut self) {
        // It may be dropped where nothing may block.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
