//! Calls from code that is not async: `use supabase::blocking::Wait;`, then `.wait()?` in place of `.await?`.
//!
//! The traits serve the calls and the streams of every service, and live queries: these are read by `WaitNext`.

supabase_core::blocking_calls!(
    "supabase",
    "supabase: supabase::Client",
    "let planets: Vec<serde_json::Value> = supabase.from(\"planets\").select(\"*\").wait()?;"
);
