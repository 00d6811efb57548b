//! Searching a catalog: what was just written is found.

mod fresh;
#[expect(dead_code, reason = "each file of tests uses its own part of the harness")]
#[path = "../support/mod.rs"]
mod support;
