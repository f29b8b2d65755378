#![no_main]
//! Values of filters: what is written is what PostgREST and PostgreSQL read.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    postgrest_rs::fuzzing::filter_values(bytes);
});
