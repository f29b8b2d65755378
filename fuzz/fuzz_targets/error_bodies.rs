#![no_main]
//! Bodies of errors, of every service: the first two bytes are the status.

// The same that the tests replay.
#[allow(dead_code)]
#[path = "../../crates/supabase-testing/src/corpus.rs"]
mod corpus;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    corpus::error_body(bytes, postgrest_rs::fuzzing::error_body);
    corpus::error_body(bytes, gotrue_rs::fuzzing::error_body);
    corpus::error_body(bytes, storage_rs::fuzzing::error_body);
    corpus::error_body(bytes, functions_rs::fuzzing::error_body);
    corpus::error_body(bytes, realtime_rs::fuzzing::error_body);
});
