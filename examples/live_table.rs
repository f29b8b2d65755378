//! A table that stays up to date: run it twice, and change the table in one of them, or from anywhere.
//!
//! ```sh
//! cargo xtask demo live_table
//! ```

use std::env;
use std::error::Error;

use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

#[derive(Debug, Deserialize)]
struct Country {
    id: i64,
    name: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let supabase = supabase::Client::new(env::var("SUPABASE_URL")?, env::var("SUPABASE_ANON_KEY")?)?;

    // All rows at first, then what changes; and all of them again after the network was away.
    let mut countries = supabase.live::<Country>("countries", ["id"]).subscribe().await?;
    println!("Type the name of a country to add it, and once more to remove it; an empty line ends.");

    let mut typed = BufReader::new(stdin()).lines();
    loop {
        tokio::select! {
            changes = countries.next() => match changes.transpose()? {
                Some(changes) => {
                    println!("{} changes:", changes.len());
                    for country in countries.rows() {
                        println!("{:>5}  {}", country.id, country.name);
                    }
                }
                None => break,
            },
            name = typed.next_line() => match name? {
                Some(name) if !name.trim().is_empty() => toggle(&supabase, name.trim()).await?,
                _ => break,
            },
        }
    }
    Ok(())
}

/// Removes the country, or adds it if there was none to remove.
async fn toggle(supabase: &supabase::Client, name: &str) -> supabase::Result<()> {
    let removed: Vec<Country> = supabase.from("countries").delete().eq("name", name).select("*").await?;
    if removed.is_empty() {
        supabase.from("countries").insert(json!({ "name": name })).await?;
    }
    Ok(())
}
