//! What services and plugins say of tasks and objects.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| boefjes::fuzzing::task(bytes));
