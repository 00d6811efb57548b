//! How long a search may take: for as long as somebody waits for it, and not past a moment.

use std::sync::{Arc, Weak};
use std::time::Instant;

use tantivy::TantivyError;

/// How much longer a search may go on.
#[derive(Clone, Debug)]
pub struct Budget {
    caller: Weak<()>,
    deadline: Instant,
}

impl Budget {
    /// As long as `caller` is there, but not past `deadline`.
    pub fn new(caller: &Arc<()>, deadline: Instant) -> Self {
        Self { caller: Arc::downgrade(caller), deadline }
    }

    /// Whether the search must end.
    pub(super) fn is_spent(&self) -> bool {
        self.caller.strong_count() == 0 || Instant::now() >= self.deadline
    }

    /// An error when the search must end.
    pub(super) fn check(&self) -> tantivy::Result<()> {
        if self.is_spent() {
            return Err(TantivyError::InternalError("nobody waits for the search any more".to_owned()));
        }
        Ok(())
    }
}
