//! Calls from code that is not async: `use supabase::blocking::Wait;`, then `.wait()?` in place of `.await?`.
//!
//! The trait serves the calls of every service.

supabase_core::blocking_calls!(
    "supabase",
    "supabase: supabase::Client",
    "let planets: Vec<serde_json::Value> = supabase.from(\"planets\").select(\"*\").wait()?;"
);
