//! `rpc`: calling Postgres functions.

use serde_json::json;
use supabase::{Client, Result};

use crate::rows::Planet;

/// A function without arguments.
pub async fn db_rpc_1(supabase: &Client) -> Result<String> {
    let greeting = supabase.rpc("hello_world", ()).await?;
    Ok(greeting)
}

/// A function with an argument: each by its name.
pub async fn db_rpc_2(supabase: &Client) -> Result<String> {
    let echo = supabase.rpc("echo", json!({ "say": "👋" })).await?;
    Ok(echo)
}

/// Many values in one call.
pub async fn db_rpc_3(supabase: &Client) -> Result<Vec<i32>> {
    let numbers = supabase.rpc("add_one_each", json!({ "arr": [1, 2, 3] })).await?;
    Ok(numbers)
}

/// A function that returns a set, filtered to one row of it.
pub async fn db_rpc_4(supabase: &Client) -> Result<Planet> {
    let planet = supabase.rpc("list_stored_planets", ()).eq("id", 1).single().await?;
    Ok(planet)
}

/// A function that only reads, by GET: its answer can be cached.
pub async fn db_rpc_5(supabase: &Client) -> Result<String> {
    let greeting = supabase.rpc("hello_world", ()).get().await?;
    Ok(greeting)
}
