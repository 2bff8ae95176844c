//! Requests in JSON.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bui_monitor::fuzzing::request(bytes));
