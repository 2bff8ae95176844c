//! Walks over the pool's state table.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ostler_pool::fuzzing::state_walk(bytes));
