//! Commands for a master and a clone of a store.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| broker_store::fuzzing::store_command(bytes));
