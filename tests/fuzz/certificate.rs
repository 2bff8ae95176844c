//! Certificates and keys in PEM.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ostler_net::fuzzing::certificate(bytes));
