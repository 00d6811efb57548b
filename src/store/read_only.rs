//! The switch by which an operator has all writes refused.

use std::sync::Arc;

use tokio::sync::watch;

use super::{StoreError, StoreResult};

/// Whether writes are refused, for all who share it. Off to begin with.
#[derive(Clone, Debug, Default)]
pub struct ReadOnly(Arc<watch::Sender<bool>>);

impl ReadOnly {
    /// Whether writes are refused now.
    pub fn is_on(&self) -> bool {
        *self.0.borrow()
    }

    /// Has writes refused from now on, or allowed. What is being written meanwhile may still succeed.
    pub fn set(&self, is_on: bool) {
        self.0.send_replace(is_on);
    }

    /// Resolves when writes are allowed.
    pub async fn until_off(&self) {
        // An error means that there is no sender, and this has one.
        drop(self.0.subscribe().wait_for(|is_on| !*is_on).await);
    }

    /// [`StoreError::ReadOnly`] while writes are refused: every engine asks before it writes.
    pub fn admit(&self) -> StoreResult<()> {
        if self.is_on() { Err(StoreError::ReadOnly) } else { Ok(()) }
    }
}
