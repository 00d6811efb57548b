//! Positions in the change log.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

/// How far along the change log something is. What it is made of is the store's business: everyone else compares two,
/// and keeps one as text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogPosition(u64);

impl LogPosition {
    /// Before the first entry.
    pub const START: Self = Self(0);

    /// That of the entry with this number; the first has 1. For stores.
    pub const fn of_entry(number: u64) -> Self {
        Self(number)
    }

    /// The number of its entry; 0 before the first. For stores.
    pub const fn entry(self) -> u64 {
        self.0
    }

    /// How many entries there are after `earlier` up to here; 0 when it is not earlier.
    pub const fn entries_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// That many entries before here, or the start.
    pub const fn back(self, entries: u64) -> Self {
        Self(self.0.saturating_sub(entries))
    }
}

impl fmt::Display for LogPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for LogPosition {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}
