//! Positions, page tokens and ranges.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| server::fuzz::positions(data));
