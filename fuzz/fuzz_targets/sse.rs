#![no_main]
//! Server-sent events, cut anywhere.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    functions_rs::fuzzing::events(bytes);
});
