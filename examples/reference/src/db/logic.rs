//! Filters joined and turned around: `match`, `not`, `or`, `filter`.

use serde_json::json;
use supabase::postgrest::{Is, and, col};
use supabase::{Client, Result};

use crate::rows::{Named, Planet, Section};

/// Several columns, each equal to its value.
pub async fn db_match_1(supabase: &Client) -> Result<Vec<Planet>> {
    let planets = supabase.from("planets").select("*").match_(json!({ "id": 2, "name": "Earth" })).await?;
    Ok(planets)
}

/// Rows that do not meet a condition.
pub async fn db_not_1(supabase: &Client) -> Result<Vec<Planet>> {
    let planets = supabase.from("planets").select("*").not(col("name").is(Is::Null)).await?;
    Ok(planets)
}

/// Rows that meet at least one condition.
pub async fn db_or_1(supabase: &Client) -> Result<Vec<Named>> {
    let planets =
        supabase.from("planets").select("name").or([col("id").eq(2), col("name").eq("Mars")]).await?;
    Ok(planets)
}

/// Conditions within conditions.
pub async fn db_or_2(supabase: &Client) -> Result<Vec<Named>> {
    let planets = supabase
        .from("planets")
        .select("name")
        .or([col("id").gt(3), and([col("id").eq(1), col("name").eq("Mercury")])])
        .await?;
    Ok(planets)
}

/// Conditions on the columns of a referenced table.
pub async fn db_or_3(supabase: &Client) -> Result<Vec<Section>> {
    let sections = supabase
        .from("orchestral_sections")
        .select("name, instruments!inner(name)")
        .referenced_table("instruments", |instruments| {
            instruments.or([col("book_id").eq(1), col("name").eq("guqin")])
        })
        .await?;
    Ok(sections)
}

/// An operator and a value in PostgREST's own syntax; quoting is up to the caller.
pub async fn db_filter_1(supabase: &Client) -> Result<Vec<Planet>> {
    let planets =
        supabase.from("planets").select("*").filter_raw("name", "in", r#"("Mars","Tatooine")"#).await?;
    Ok(planets)
}

/// The same on a column of a referenced table.
pub async fn db_filter_2(supabase: &Client) -> Result<Vec<Section>> {
    let sections = supabase
        .from("orchestral_sections")
        .select("name, instruments!inner(name)")
        .filter_raw("instruments.name", "eq", "flute")
        .await?;
    Ok(sections)
}
