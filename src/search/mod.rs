//! Full-text search: an index of what is in the store, made from it and never asked for the truth.
//!
//! Owns how text becomes words, how a query is read, what is looked for where and what it is worth. It gives places of
//! artifacts; the artifacts themselves are read from the store. Knows nothing of the store, and of no user: what may be
//! looked into is one workspace, and every term in the index begins with it.

mod beginning;
mod boot;
mod collect;
mod columns;
mod compile;
mod contents;
mod directory;
mod find;
#[cfg(fuzzing)]
pub mod fuzzing;
mod highlight;
mod index;
mod merging;
mod query;
mod schema;
mod tags;
mod text;
mod tokenizer;
mod within;

pub use contents::IndexContents;
pub use index::{Found, IndexChange, SearchError, SearchIndex};
pub use merging::Parts;
