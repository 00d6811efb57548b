//! Any bytes may be sent as lines to import.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ghostworks::http::fuzzing::import(bytes));
