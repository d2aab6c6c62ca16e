//! JSON bodies.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| server::fuzz::bodies(data));
