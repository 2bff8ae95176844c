//! Messages of a WebSocket client.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| broker::fuzzing::websocket_text(bytes));
