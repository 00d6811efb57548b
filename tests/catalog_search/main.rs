//! Searching a catalog: random questions against a slow and obvious reference, fixed questions whose first answer anyone
//! would expect, what was just written, and what is another workspace's.

mod documents;
mod fresh;
mod questions;
mod reference;
mod relevance;
mod secluded;
mod steps;
#[expect(dead_code, reason = "each file of tests uses its own part of the harness")]
#[path = "../support/mod.rs"]
mod support;
mod unparsable;
mod vocabulary;
mod world;
