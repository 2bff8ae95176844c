//! Messages of other nodes.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| broker::fuzzing::broker_message(bytes));
