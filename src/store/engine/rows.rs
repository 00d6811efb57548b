//! What reads return, as a number of rows.

use std::collections::HashMap;

use crate::domain::{ArtifactBatch, ArtifactCounts, ArtifactHistory, ArtifactPage, FoundById, LogPage, Usage};
use crate::store::{Counts, Standing};

/// What a read returns, as a number of rows.
pub trait Rows {
    /// The number of rows.
    fn rows(&self) -> usize;
}

impl<T> Rows for Option<T> {
    fn rows(&self) -> usize {
        usize::from(self.is_some())
    }
}

impl Rows for bool {
    fn rows(&self) -> usize {
        usize::from(*self)
    }
}

impl<T> Rows for Vec<T> {
    fn rows(&self) -> usize {
        self.len()
    }
}

impl<K, V> Rows for HashMap<K, V> {
    fn rows(&self) -> usize {
        self.len()
    }
}

impl Rows for LogPage {
    fn rows(&self) -> usize {
        self.items.len()
    }
}

impl Rows for ArtifactPage {
    fn rows(&self) -> usize {
        self.items.len()
    }
}

impl Rows for ArtifactBatch {
    fn rows(&self) -> usize {
        self.items.len()
    }
}

impl Rows for FoundById {
    fn rows(&self) -> usize {
        self.artifacts.len()
    }
}

impl Rows for ArtifactHistory {
    fn rows(&self) -> usize {
        self.versions.len()
    }
}

/// One figure, or some that are read as one.
macro_rules! figures {
    ($($figure:ty),+) => {$(
        impl Rows for $figure {
            fn rows(&self) -> usize {
                1
            }
        }
    )+};
}

figures!(u64, Usage, ArtifactCounts, Counts, Standing);
