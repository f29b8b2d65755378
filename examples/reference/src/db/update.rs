//! `update`: changing rows.

use serde_json::json;
use supabase::{Client, Result};

use crate::rows::{Instrument, User};

/// Other values for the rows that the filter leaves.
pub async fn db_update_1(supabase: &Client) -> Result<Vec<Instrument>> {
    let instruments =
        supabase.from("instruments").update(json!({ "name": "piano" })).eq("id", 1).select("*").await?;
    Ok(instruments)
}

/// A JSON column, which is replaced as a whole.
pub async fn db_update_2(supabase: &Client) -> Result<Vec<User>> {
    let users = supabase
        .from("users")
        .update(json!({ "address": { "street": "Melrose Place", "postcode": 90210 } }))
        .eq("address->postcode", 90210)
        .select("*")
        .await?;
    Ok(users)
}
