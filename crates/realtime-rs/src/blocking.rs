//! Calls from code that is not async: `use realtime_rs::blocking::Wait;`, then `builder.subscribe().wait()?`.

supabase_core::blocking_calls!(
    "realtime_rs",
    "realtime: realtime_rs::Client",
    "realtime.broadcast(\"room1\", \"greeting\", &[\"hello\"]).wait()?;"
);
