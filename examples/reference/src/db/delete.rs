//! `delete`: removing rows.

use supabase::{Client, Result};

use crate::rows::Country;

/// The rows that the filter leaves. `select` asks for what they were.
pub async fn db_delete_1(supabase: &Client) -> Result<Vec<Country>> {
    let countries = supabase.from("countries").delete().eq("id", 1).select("*").await?;
    Ok(countries)
}

/// Rows by their keys.
pub async fn db_delete_2(supabase: &Client) -> Result<Vec<Country>> {
    let countries = supabase.from("countries").delete().in_("id", [1, 2, 3]).select("*").await?;
    Ok(countries)
}
