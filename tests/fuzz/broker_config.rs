//! Configuration files of the broker, in the syntax of the original.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| broker::fuzzing::broker_config(bytes));
