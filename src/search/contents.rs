//! What an index holds, read from its files without a change to them.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use super::error::SearchError;
use super::opened::Opened;
use crate::domain::{ArtifactId, HistoryId, LogPosition};

/// What an index holds.
#[derive(Debug)]
pub struct IndexContents {
    /// The position in the change log up to which it is complete.
    pub reached: LogPosition,
    /// When each artifact was last changed, in microseconds, as far as the index knows.
    pub updated_at: HashMap<ArtifactId, i64>,
}

impl IndexContents {
    /// Reads the index in `directory` of a database with this history. One that can't be used as it is, is an error.
    pub fn read(directory: &Path, history: HistoryId) -> Result<Self, SearchError> {
        Self::of(&Opened::checked(directory, history)?)
    }

    /// What an index holds that is open, as it is looked into now.
    pub(super) fn of(opened: &Opened) -> Result<Self, SearchError> {
        let mut updated_at = HashMap::new();
        for segment in opened.searcher.segment_readers() {
            let columns = opened.columns.get(&segment.segment_id());
            let columns = columns.ok_or_else(|| io::Error::other("a segment has no columns"))?;
            for doc in segment.doc_ids_alive() {
                let id = columns.id(doc);
                if updated_at.insert(id, columns.updated_at.first(doc).unwrap_or_default()).is_some() {
                    return Err(io::Error::other(format!("the artifact {id} is in it twice")).into());
                }
            }
        }
        Ok(Self { reached: opened.reached.unwrap_or_default(), updated_at })
    }
}
