//! Any text may be sent as a cursor.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ghostworks::http::fuzzing::cursor(bytes));
