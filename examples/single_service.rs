//! One service crate alone: the database, without the rest of Supabase, from code that is not async.
//!
//! ```sh
//! cargo xtask demo single_service
//! ```

use std::env;
use std::time::Duration;

use postgrest_rs::blocking::Wait;
use postgrest_rs::{Client, Is, TextSearch};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Issue {
    title: String,
    tags: Vec<String>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The address is the service's own, and not the project's. A PostgREST server without a gateway has neither the
    // path nor a key: `Client::builder_without_key("http://127.0.0.1:3000")`.
    let url = format!("{}/rest/v1", env::var("SUPABASE_URL")?);
    let db = Client::builder(url, env::var("SUPABASE_ANON_KEY")?).timeout(Duration::from_secs(10)).build()?;

    let open: Vec<Issue> =
        db.from("issues").select("title, tags").contains("tags", ["is:open"]).order("title").wait()?;
    for Issue { title, tags } in &open {
        println!("open: {title} ({})", tags.join(", "));
    }

    let query = TextSearch::websearch("eggs or cat").config("english");
    let quotes = db
        .from("quotes")
        .select_raw("catchphrase")
        .not(postgrest_rs::col("catchphrase").is(Is::Null))
        .text_search("catchphrase", query)
        .wait()?;
    println!("quotes, as the server sends them: {quotes}");
    Ok(())
}
