//! What a burp child says, cut anyhow.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bui_monitor::fuzzing::child_stream(bytes));
