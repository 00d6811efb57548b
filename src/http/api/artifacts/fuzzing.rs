//! An import, for the fuzz target alone (`tests/fuzz`).

use super::body::CreateArtifactRequest;
use crate::domain::ArtifactDraft;
use crate::http::ndjson::Lines;

/// Reads these bytes as lines to import; they come in pieces of a few bytes.
pub fn import(bytes: &[u8]) {
    let mut lines = Lines::<CreateArtifactRequest>::new(false);
    let taken = bytes.chunks(7).try_for_each(|piece| lines.take(piece)).and_then(|()| lines.end_line());
    if taken.is_ok() {
        for line in lines.complete {
            let _ = line.value.map(Into::into).and_then(ArtifactDraft::parse);
        }
    }
}
