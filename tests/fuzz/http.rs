//! Requests of HTTP, cut anyhow.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ostler_http::fuzzing::http(bytes));
