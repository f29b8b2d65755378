//! Calls from code that is not async: `use postgrest_rs::blocking::Wait;`, then `query.wait()?`.

supabase_core::blocking_calls!(
    "postgrest_rs",
    "db: postgrest_rs::Client",
    "let planets: Vec<serde_json::Value> = db.from(\"planets\").select(\"*\").wait()?;"
);
