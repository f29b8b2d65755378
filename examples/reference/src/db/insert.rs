//! `insert`: adding rows.

use supabase::{Client, Result};

use crate::rows::{Character, Planet};

/// One row. `select` asks for it back.
pub async fn db_insert_1(supabase: &Client) -> Result<Vec<Planet>> {
    let pluto = Planet { id: 9, name: "Pluto".into() };
    let planets = supabase.from("planets").insert(&pluto).select("*").await?;
    Ok(planets)
}

/// Several rows at once: all are added, or none.
pub async fn db_insert_2(supabase: &Client) -> Result<Vec<Character>> {
    let hobbits = [Character { id: 1, name: "Frodo".into() }, Character { id: 2, name: "Sam".into() }];
    let characters = supabase.from("characters").insert(&hobbits).select("*").await?;
    Ok(characters)
}
