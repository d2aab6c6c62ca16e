//! Uploaded files and what they are called.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| server::fuzz::files(data));
