#![no_main]
//! Addresses that a browser came back to.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    gotrue_rs::fuzzing::redirect_url(bytes);
});
