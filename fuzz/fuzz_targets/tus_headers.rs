#![no_main]
//! What a service says about an upload by parts.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    storage_rs::fuzzing::tus_headers(bytes);
});
