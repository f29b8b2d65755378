//! A table that stays up to date: run it, and change the table from anywhere.
//!
//! ```sh
//! SUPABASE_URL=… SUPABASE_ANON_KEY=… cargo run --example live_table
//! ```

use std::env;
use std::error::Error;

use serde::Deserialize;

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
    println!("Interrupt to end.");
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
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                break;
            }
        }
    }
    Ok(())
}
