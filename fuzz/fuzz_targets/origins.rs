//! Origins, proxies' headers and sites.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| server::fuzz::origins(data));
