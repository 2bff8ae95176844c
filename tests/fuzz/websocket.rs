//! Bytes of a WebSocket client, cut anyhow.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| broker::fuzzing::websocket(bytes));
