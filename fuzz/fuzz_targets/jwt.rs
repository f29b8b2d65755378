#![no_main]
//! Tokens.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    gotrue_rs::fuzzing::token(bytes);
});
