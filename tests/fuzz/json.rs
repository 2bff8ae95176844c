//! Texts in JSON, as Python reads it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| katalogus::fuzzing::json(bytes));
