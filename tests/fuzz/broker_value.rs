//! Values of Broker's in their binary form, one after the other.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| broker_data::fuzzing::broker_value(bytes));
