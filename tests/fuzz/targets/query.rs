//! Any text is a query, and what it finds is marked and escaped.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| ghostworks::search::fuzzing::query(text));
