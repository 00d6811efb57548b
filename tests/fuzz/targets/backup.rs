//! Any bytes may be in the file that is restored.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ghostworks::store::fuzzing::backup(bytes));
