//! What a plugin host says, and in it what a job says.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| boefjes::fuzzing::host(bytes));
