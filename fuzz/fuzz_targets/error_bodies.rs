#![no_main]
//! Bodies of errors, of every service: the first two bytes are the status.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let [high, low, body @ ..] = bytes {
        let status = u16::from_be_bytes([*high, *low]);
        postgrest_rs::fuzzing::error_body(status, body);
        gotrue_rs::fuzzing::error_body(status, body);
        storage_rs::fuzzing::error_body(status, body);
        functions_rs::fuzzing::error_body(status, body);
        realtime_rs::fuzzing::error_body(status, body);
    }
});
