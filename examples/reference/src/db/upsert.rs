//! `upsert`: adding rows, or changing those that are there.

use serde_json::json;
use supabase::{Client, Result};

use crate::rows::{Instrument, User};

/// A row, found by its primary key. Columns that are not named keep their values.
pub async fn db_upsert_1(supabase: &Client) -> Result<Vec<Instrument>> {
    let instruments =
        supabase.from("instruments").upsert(json!({ "id": 1, "name": "piano" })).select("*").await?;
    Ok(instruments)
}

/// Several rows at once.
pub async fn db_upsert_2(supabase: &Client) -> Result<Vec<Instrument>> {
    let instruments = supabase
        .from("instruments")
        .upsert(json!([{ "id": 1, "name": "piano" }, { "id": 2, "name": "guitar" }]))
        .select("*")
        .await?;
    Ok(instruments)
}

/// A row, found by another column whose values are unique.
pub async fn db_upsert_3(supabase: &Client) -> Result<Vec<User>> {
    let users = supabase
        .from("users")
        .upsert(json!({ "id": 42, "handle": "saoirse", "display_name": "Saoirse" }))
        .on_conflict("handle")
        .select("*")
        .await?;
    Ok(users)
}
