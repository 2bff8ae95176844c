//! Messages of Broker's in JSON.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| broker_data::fuzzing::broker_json(bytes));
