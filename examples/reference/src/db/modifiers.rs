//! Order, cut and shape of an answer: `order`, `limit`, `range`, `single`, `maybe_single`, `csv`.

use supabase::postgrest::Order;
use supabase::{Client, Result};

use crate::rows::{InstrumentWithSection, Named, Planet, Section};

/// The last name first.
pub async fn db_order_1(supabase: &Client) -> Result<Vec<Planet>> {
    let planets = supabase.from("planets").select("*").order(Order::desc("name")).await?;
    Ok(planets)
}

/// The rows of a referenced table sorted, within each row.
pub async fn db_order_2(supabase: &Client) -> Result<Vec<Section>> {
    let sections = supabase
        .from("orchestral_sections")
        .select("name, instruments(name)")
        .referenced_table("instruments", |instruments| instruments.order(Order::desc("name")))
        .await?;
    Ok(sections)
}

/// Rows sorted by a column of the row that each refers to.
pub async fn db_order_3(supabase: &Client) -> Result<Vec<InstrumentWithSection>> {
    let instruments = supabase
        .from("instruments")
        .select("name, section:orchestral_sections(name)")
        .order(Order::asc("section(name)"))
        .await?;
    Ok(instruments)
}

/// At most so many rows.
pub async fn db_limit_1(supabase: &Client) -> Result<Vec<Named>> {
    let planets = supabase.from("planets").select("name").limit(1).await?;
    Ok(planets)
}

/// At most so many rows of a referenced table, within each row.
pub async fn db_limit_2(supabase: &Client) -> Result<Vec<Section>> {
    let sections = supabase
        .from("orchestral_sections")
        .select("name, instruments(name)")
        .referenced_table("instruments", |instruments| instruments.limit(1))
        .await?;
    Ok(sections)
}

/// Rows from one place to another, both included, counted from 0.
pub async fn db_range_1(supabase: &Client) -> Result<Vec<Named>> {
    let planets = supabase.from("planets").select("name").range(0, 1).await?;
    Ok(planets)
}

/// The same of a referenced table, within each row.
pub async fn db_range_2(supabase: &Client) -> Result<Vec<Section>> {
    let sections = supabase
        .from("orchestral_sections")
        .select("name, instruments(name)")
        .referenced_table("instruments", |instruments| instruments.range(0, 1))
        .await?;
    Ok(sections)
}

/// One row instead of a `Vec`; none, or several, is an error.
pub async fn db_single_1(supabase: &Client) -> Result<Named> {
    let planet = supabase.from("planets").select("name").limit(1).single().await?;
    Ok(planet)
}

/// One row or none, as an `Option`.
pub async fn db_maybe_single_1(supabase: &Client) -> Result<Option<Planet>> {
    let planet = supabase.from("planets").select("*").eq("name", "Earth").maybe_single().await?;
    Ok(planet)
}

/// The rows as text, with commas between the columns.
pub async fn db_csv_1(supabase: &Client) -> Result<String> {
    let csv = supabase.from("planets").select_raw("*").csv().await?;
    Ok(csv)
}
