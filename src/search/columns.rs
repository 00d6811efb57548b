//! What the index keeps of every artifact in columns. They are opened once for each segment: that takes longer than most
//! searches.

use std::collections::HashMap;
use std::sync::Arc;

use tantivy::columnar::{BytesColumn, Column, StrColumn};
use tantivy::index::SegmentId;
use tantivy::{DocId, Score, Searcher, SegmentReader};

use super::schema;
use crate::domain::{ArtifactId, Creation, ListPosition, Timestamp};

/// The columns of a segment.
pub(super) struct Columns {
    pub id_high: Column<u64>,
    pub id_low: Column<u64>,
    /// Microseconds, as the times that follow.
    pub created_at: Column<i64>,
    pub updated_at: Column<i64>,
    /// None where no artifact has a value, as for those that follow.
    pub sort_name: Option<BytesColumn>,
    pub tags: Option<StrColumn>,
    pub artifact_type: Option<StrColumn>,
}

/// The columns of all segments.
pub(super) type AllColumns = HashMap<SegmentId, Arc<Columns>>;

impl Columns {
    fn open(segment: &SegmentReader) -> tantivy::Result<Self> {
        let columns = segment.fast_fields();
        Ok(Self {
            id_high: columns.u64("id_high")?,
            id_low: columns.u64("id_low")?,
            created_at: columns.i64(schema::NEWEST_FIRST)?,
            updated_at: columns.i64("updated_at")?,
            sort_name: columns.bytes("sort_name")?,
            tags: columns.str("tags")?,
            artifact_type: columns.str("artifact_type")?,
        })
    }

    /// When an artifact was created, in microseconds: segments are in this order, the newest first.
    pub(super) fn created_at(&self, doc: DocId) -> i64 {
        self.created_at.first(doc).unwrap_or_default()
    }

    /// The place of an artifact in the order of creation.
    pub(super) fn creation(&self, doc: DocId) -> Creation {
        let at = Timestamp::from_microsecond(self.created_at(doc)).unwrap_or_default();
        Creation { at, id: self.id(doc) }
    }

    /// The first artifact of a segment that was not created after this time.
    pub(super) fn first_not_newer(&self, segment: &SegmentReader, than: Timestamp) -> DocId {
        let than = than.as_microsecond();
        first(segment, |doc| self.created_at(doc) <= than)
    }

    /// The first artifact of a segment that was certainly created before the one at a place.
    pub(super) fn first_older(&self, segment: &SegmentReader, place: &ListPosition) -> DocId {
        let than = place.creation().at.as_microsecond();
        first(segment, |doc| self.created_at(doc) < than)
    }

    /// The place of an artifact among others by relevance.
    pub(super) fn relevant(&self, doc: DocId, score: Score) -> ListPosition {
        ListPosition::relevant(score, self.creation(doc))
    }

    /// The id of an artifact.
    pub(super) fn id(&self, doc: DocId) -> ArtifactId {
        schema::id_of(self.id_high.first(doc).unwrap_or_default(), self.id_low.first(doc).unwrap_or_default())
    }
}

/// The first artifact of a segment that is something that all after it are, too.
fn first(segment: &SegmentReader, is: impl Fn(DocId) -> bool) -> DocId {
    let (mut from, mut to) = (0, segment.max_doc());
    while from < to {
        let middle = from + (to - from) / 2;
        if is(middle) { to = middle } else { from = middle + 1 }
    }
    from
}

/// The columns of every segment that is searched. What is open already stays so: a segment never changes.
pub(super) fn open(searcher: &Searcher, opened: &AllColumns) -> tantivy::Result<AllColumns> {
    let segments = searcher.segment_readers().iter();
    segments
        .map(|segment| {
            let id = segment.segment_id();
            let columns = match opened.get(&id) {
                Some(columns) => columns.clone(),
                None => Arc::new(Columns::open(segment)?),
            };
            Ok((id, columns))
        })
        .collect()
}
