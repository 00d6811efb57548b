//! The order of creation.

use serde::{Deserialize, Serialize};

use super::{ArtifactId, Timestamp};

/// A place in the order of creation: by the time, and by the id among those of the same time. The id alone says nothing of
/// when something was created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Creation {
    /// When it was created.
    #[serde(with = "jiff::fmt::serde::timestamp::microsecond::required")]
    pub at: Timestamp,
    /// Its id.
    pub id: ArtifactId,
}
