//! Schemas, and settings that are checked against them.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| katalogus::fuzzing::settings_schema(bytes));
