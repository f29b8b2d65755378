//! How filters are used.

use supabase::{Client, Result};

use crate::rows::{InstrumentPlace, Section, User};

/// A filter follows what it filters; in front of `select` it does not compile.
pub async fn db_using_filters_1(supabase: &Client) -> Result<Vec<InstrumentPlace>> {
    let instruments = supabase.from("instruments").select("name, section_id").eq("name", "flute").await?;
    Ok(instruments)
}

/// Several filters: a row must meet all of them.
pub async fn db_using_filters_2(supabase: &Client) -> Result<Vec<InstrumentPlace>> {
    let instruments = supabase
        .from("instruments")
        .select("name, section_id")
        .gte("octave_range", 3)
        .lt("octave_range", 7)
        .await?;
    Ok(instruments)
}

/// Filters that depend on what was asked for: a query is a value, and nothing is sent before `await`.
pub async fn db_using_filters_3(supabase: &Client) -> Result<Vec<InstrumentPlace>> {
    let name: Option<&str> = None;
    let lowest_octave = Some(3);
    let highest_octave = Some(7);

    let mut query = supabase.from("instruments").select("name, section_id");
    if let Some(name) = name {
        query = query.eq("name", name);
    }
    if let Some(octave) = lowest_octave {
        query = query.gte("octave_range", octave);
    }
    if let Some(octave) = highest_octave {
        query = query.lt("octave_range", octave);
    }
    let instruments = query.await?;
    Ok(instruments)
}

/// A value within a JSON column.
pub async fn db_using_filters_4(supabase: &Client) -> Result<Vec<User>> {
    let users = supabase.from("users").select("*").eq("address->postcode", 90210).await?;
    Ok(users)
}

/// A column of a referenced table.
pub async fn db_using_filters_5(supabase: &Client) -> Result<Vec<Section>> {
    let sections = supabase
        .from("orchestral_sections")
        .select("name, instruments!inner(name)")
        .eq("instruments.name", "flute")
        .await?;
    Ok(sections)
}
