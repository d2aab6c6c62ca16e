//! Ids, codes, keys and tokens.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| server::fuzz::ids(data));
