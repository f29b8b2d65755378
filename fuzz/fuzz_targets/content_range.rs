#![no_main]
//! Headers `Content-Range`, of rows and of bytes.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    postgrest_rs::fuzzing::read_content_range(bytes);
    storage_rs::fuzzing::content_range(bytes);
});
