//! Event streams.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| server::fuzz::event_stream(data));
