//! Tokens by which pages say who a visitor is.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| server::fuzz::identities(data));
