//! What reads return, as a number of rows.

use std::collections::HashMap;

use crate::domain::{
    ArtifactBatch, ArtifactCounts, ArtifactHistory, ArtifactPage, ChangeBatch, FoundById, LogPage, LogPosition, Quotas,
    Usage,
};
use crate::store::{Counts, Standing};

/// What a read returns, as a number of rows.
pub trait RowCount {
    /// The number of rows.
    fn rows(&self) -> usize;
}

impl<T> RowCount for Option<T> {
    fn rows(&self) -> usize {
        usize::from(self.is_some())
    }
}

impl RowCount for LogPosition {
    fn rows(&self) -> usize {
        1
    }
}

impl RowCount for bool {
    fn rows(&self) -> usize {
        usize::from(*self)
    }
}

impl<T> RowCount for Vec<T> {
    fn rows(&self) -> usize {
        self.len()
    }
}

impl<K, V> RowCount for HashMap<K, V> {
    fn rows(&self) -> usize {
        self.len()
    }
}

impl RowCount for ChangeBatch {
    fn rows(&self) -> usize {
        self.changes.len()
    }
}

impl RowCount for LogPage {
    fn rows(&self) -> usize {
        self.items.len()
    }
}

impl RowCount for ArtifactPage {
    fn rows(&self) -> usize {
        self.items.len()
    }
}

impl RowCount for ArtifactBatch {
    fn rows(&self) -> usize {
        self.items.len()
    }
}

impl RowCount for FoundById {
    fn rows(&self) -> usize {
        self.artifacts.len()
    }
}

impl RowCount for ArtifactHistory {
    fn rows(&self) -> usize {
        self.versions.len()
    }
}

/// One figure, or some that are read as one.
macro_rules! figures {
    ($($figure:ty),+) => {$(
        impl RowCount for $figure {
            fn rows(&self) -> usize {
                1
            }
        }
    )+};
}

figures!(u64, (Usage, Quotas), ArtifactCounts, Counts, Standing);
