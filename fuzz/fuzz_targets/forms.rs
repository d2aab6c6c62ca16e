//! Queries and forms.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| server::fuzz::forms(data));
