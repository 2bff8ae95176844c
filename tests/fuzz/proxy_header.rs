//! Headers of proxies, cut anyhow.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ostler_net::fuzzing::proxy_header(bytes));
