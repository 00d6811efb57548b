//! The order of a listing, and places in it.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::{Artifact, ArtifactId, Creation, NameKey, Timestamp};

/// What a listing is ordered by. What is equal in it is in the order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum SortBy {
    /// The time of creation.
    CreatedAt,
    /// The time of the last change.
    UpdatedAt,
    /// The name: by its letters, then by their accents and case.
    Name,
    /// How well it is what is looked for: the best first, and the last to be created first among equals.
    Relevance,
}

/// The order of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Sort {
    /// What it is ordered by.
    pub by: SortBy,
    /// Whether the greatest comes first.
    pub descending: bool,
}

impl Sort {
    /// The last to be created first.
    pub const NEWEST_FIRST: Self = Self { by: SortBy::CreatedAt, descending: true };
    /// The first to be created first.
    pub const OLDEST_FIRST: Self = Self { by: SortBy::CreatedAt, descending: false };
    /// What fits best first.
    pub const RELEVANCE: Self = Self { by: SortBy::Relevance, descending: true };
    /// The name of a sort in the API.
    pub const NAMES: [&str; 7] =
        ["created_at", "-created_at", "updated_at", "-updated_at", "name", "-name", "relevance"];

    /// The sort that is called so.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
        let by = match name {
            "relevance" if !descending => return Ok(Self::RELEVANCE),
            "created_at" => SortBy::CreatedAt,
            "updated_at" => SortBy::UpdatedAt,
            "name" => SortBy::Name,
            _ => return Err(format!("must be one of {}", Self::NAMES.join(", "))),
        };
        Ok(Self { by, descending })
    }

    /// What it is called.
    pub fn as_str(self) -> &'static str {
        match (self.by, self.descending) {
            (SortBy::CreatedAt, false) => "created_at",
            (SortBy::CreatedAt, true) => "-created_at",
            (SortBy::UpdatedAt, false) => "updated_at",
            (SortBy::UpdatedAt, true) => "-updated_at",
            (SortBy::Name, false) => "name",
            (SortBy::Name, true) => "-name",
            (SortBy::Relevance, _) => "relevance",
        }
    }

    /// The place of an artifact in this order, among artifacts that are all alike relevant.
    pub fn position(self, artifact: &Artifact) -> ListPosition {
        let creation = artifact.creation();
        match self.by {
            SortBy::CreatedAt => ListPosition::created(creation),
            SortBy::UpdatedAt => ListPosition::updated(artifact.updated_at, creation),
            SortBy::Name => ListPosition::named(NameKey::new(artifact.name.as_str()), creation),
            SortBy::Relevance => ListPosition::relevant(0.0, creation),
        }
    }

    /// Whether a place is one in this order.
    pub fn has(self, position: &ListPosition) -> bool {
        matches!(
            (self.by, &position.key),
            (SortBy::CreatedAt, SortKey::CreatedAt)
                | (SortBy::UpdatedAt, SortKey::UpdatedAt(_))
                | (SortBy::Name, SortKey::Collated(NameKey::VERSION, _))
                | (SortBy::Relevance, SortKey::Relevance(_))
        )
    }

    /// Whether a place is one in this order as it was before its data changed.
    pub fn had(self, position: &ListPosition) -> bool {
        let is_by_name = matches!(position.key, SortKey::Name(_) | SortKey::Collated(..));
        self.by == SortBy::Name && is_by_name && !self.has(position)
    }

    /// Which of two places comes first.
    pub fn compare(self, one: &ListPosition, other: &ListPosition) -> Ordering {
        if self.descending { other.cmp(one) } else { one.cmp(other) }
    }
}

/// A place in an order: that of an artifact, whether it is still there or not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ListPosition {
    key: SortKey,
    creation: Creation,
}

impl ListPosition {
    /// By the time of creation.
    pub fn created(creation: Creation) -> Self {
        Self { key: SortKey::CreatedAt, creation }
    }

    /// By the time of the last change.
    pub fn updated(at: Timestamp, creation: Creation) -> Self {
        Self { key: SortKey::UpdatedAt(at), creation }
    }

    /// By the name.
    pub fn named(name: NameKey, creation: Creation) -> Self {
        Self { key: SortKey::Collated(NameKey::VERSION, name), creation }
    }

    /// By how well it fits; no score is below zero.
    pub fn relevant(score: f32, creation: Creation) -> Self {
        // Of numbers above zero, the bits are in the order of the numbers.
        Self { key: SortKey::Relevance(score.max(0.0).to_bits()), creation }
    }

    /// The artifact.
    pub fn id(&self) -> ArtifactId {
        self.creation.id
    }

    /// Its place in the order of creation.
    pub fn creation(&self) -> Creation {
        self.creation
    }
}

/// What an artifact is ordered by, besides its creation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum SortKey {
    CreatedAt,
    UpdatedAt(Timestamp),
    /// In lower case: cursors of earlier versions have it.
    Name(String),
    Relevance(u32),
    /// The version of the order of names, and the name in it.
    Collated(u32, NameKey),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_of_an_older_order_of_names_is_known_as_such() {
        let creation = Creation { at: Timestamp::UNIX_EPOCH, id: ArtifactId::from_bytes([0; 16]) };
        let by_name = Sort { by: SortBy::Name, descending: false };
        let lower_case = ListPosition { key: SortKey::Name("anvil".to_owned()), creation };
        let older = ListPosition { key: SortKey::Collated(NameKey::VERSION - 1, NameKey::new("anvil")), creation };
        let current = ListPosition::named(NameKey::new("anvil"), creation);
        assert_eq!(
            [&lower_case, &older, &current].map(|it| (by_name.has(it), by_name.had(it))),
            [(false, true), (false, true), (true, false)]
        );
        assert!(!Sort::NEWEST_FIRST.had(&lower_case));
    }

    #[test]
    fn a_sort_is_called_what_it_was_asked_for_by() {
        for name in Sort::NAMES {
            assert_eq!(Sort::parse(name).map(Sort::as_str), Ok(name));
        }
        for other in ["", "-", "--name", "-relevance", "Name", "id"] {
            assert!(Sort::parse(other).is_err(), "{other}");
        }
    }
}
