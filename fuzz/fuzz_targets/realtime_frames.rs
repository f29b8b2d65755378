#![no_main]
//! Frames of Realtime, in both versions of the protocol.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    realtime_rs::fuzzing::frame(bytes);
});
