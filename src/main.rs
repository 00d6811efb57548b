//! The `ghostworks` program.
fn main() {}
