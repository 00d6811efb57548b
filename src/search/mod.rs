//! Full-text search: an index of what is in the store, made from it and never asked for the truth.
//!
//! Owns how text becomes words, how a query is read, what is looked for where and what it is worth. It gives places of
//! artifacts; the artifacts themselves are read from the store. Knows nothing of the store, and of no user: what may be
//! looked into is one workspace, and every term in the index begins with it.
//!
#![doc = include_str!("README.md")]

mod adjacent;
mod best;
mod boot;
mod budget;
mod change;
mod collect;
mod columns;
mod compile;
mod contents;
mod directory;
mod error;
mod facets;
#[cfg(test)]
mod faults;
mod find;
mod fold;
mod found;
#[cfg(fuzzing)]
pub mod fuzzing;
mod highlight;
mod index;
mod merging;
mod open_phrase;
mod opened;
#[cfg(test)]
mod paging_tests;
mod payload;
mod phrase;
mod prefix;
mod query;
mod rounded;
mod runs;
mod schema;
mod statistics;
mod tags;
mod tenant_segments;
mod term_union;
mod text;
mod tokenizer;
mod typo;
mod word;

pub use budget::Budget;
pub use change::IndexChange;
pub use contents::IndexContents;
pub use error::{Diagnosis, SearchError};
pub use found::Found;
pub use index::SearchIndex;
pub use merging::SegmentSize;
