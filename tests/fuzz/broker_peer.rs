//! Connections of other nodes, cut anyhow.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| broker::fuzzing::broker_peer(bytes));
