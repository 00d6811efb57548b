//! Searching a catalog: random questions against a slow and obvious reference, fixed questions whose first answer anyone
//! would expect, what was just written, and what is another workspace's.

mod documents;
mod fresh;
mod questions;
mod reference;
mod relevance;
mod secluded;
mod steps;
mod unparsable;
mod vocabulary;
mod world;
