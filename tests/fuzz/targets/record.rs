//! Any bytes may be where a record should be: an error, or a record that can be written again.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ghostworks::store::fuzzing::record(bytes));
