//! Configuration files, to typed values and back.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bui_monitor::fuzzing::ini(bytes));
